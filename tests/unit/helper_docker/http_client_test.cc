// HTTP against servers that behave in every bad way.
#include "helper/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <string>

#include "common/unique_fd.h"
#include "tests/unit/helper_docker/fake_server.h"
#include "tests/unit/helper_docker/run_task.h"

namespace labgpu {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using testing_support::FakeConnection;
using testing_support::FakeRequest;
using testing_support::FakeServer;
using testing_support::http_reply;
using testing_support::run_task;
using testing_support::run_until;

// One request against a server that sends `bytes` and closes.
Result<HttpResponse> ask(const std::string& bytes, HttpRequest request = {.target = "/x"}) {
  FakeServer server([&](const FakeRequest&, const FakeConnection& c) { c.send(bytes); });
  EventLoop loop;
  HttpClient client(loop, server.socket_path());
  return run_task(loop, client.request(std::move(request)));
}

TEST(HttpClient, ResponseArrives) {
  Result<HttpResponse> response = ask(http_reply(404, "no such thing"));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 404);
  EXPECT_EQ(response->body, "no such thing");
}

TEST(HttpClient, ChunkedResponseArrives) {
  Result<HttpResponse> response =
      ask("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "abcde");
}

TEST(HttpClient, RequestIsAsAsked) {
  FakeRequest seen;
  FakeServer server([&](const FakeRequest& request, const FakeConnection& c) {
    seen = request;
    c.send(http_reply(200, ""));
  });
  EventLoop loop;
  HttpClient client(loop, server.socket_path());
  HttpRequest request{.method = "POST", .target = "/a/../b?c=%2F", .body = "{\"d\":1}"};
  ASSERT_TRUE(run_task(loop, client.request(request)));
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/a/../b?c=%2F");
  EXPECT_EQ(seen.body, "{\"d\":1}");
  EXPECT_EQ(client.request_count(), 1U);
}

TEST(HttpClient, AFileIsSentFromItsStart) {
  FakeRequest seen;
  FakeServer server([&](const FakeRequest& request, const FakeConnection& c) {
    seen = request;
    c.send(http_reply(200, ""));
  });
  EventLoop loop;
  HttpClient client(loop, server.socket_path());
  UniqueFd file(memfd_create("upload", MFD_CLOEXEC));
  std::string content(300000, 'x');
  content += "end and more";
  ASSERT_EQ(write(file.get(), content.data(), content.size()),
            static_cast<ssize_t>(content.size()));
  HttpRequest request{.method = "POST", .target = "/build"};
  request.upload_fd = file.get();
  request.upload_size = 300003;
  request.content_type = "application/x-tar";
  HttpStream stream{.on_open = [] {}, .on_data = [](std::string_view) { return true; }};
  ASSERT_TRUE(run_task(loop, client.stream(request, stream)));
  EXPECT_EQ(seen.body, content.substr(0, 300003));
}

TEST(HttpClient, AStreamMayTakeNoMoreThanItsTime) {
  FakeServer server([](const FakeRequest&, const FakeConnection& c) {
    c.send("HTTP/1.1 200 OK\r\n\r\nhello");
    c.wait_hangup();
  });
  EventLoop loop;
  HttpClient client(loop, server.socket_path());
  HttpRequest request{.target = "/x", .stream = {.whole = milliseconds(1000)}};
  HttpStream stream{.on_open = [] {}, .on_data = [](std::string_view) { return true; }};
  auto response = run_task(loop, client.stream(request, stream));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kTimeout);
  EXPECT_EQ(response.error().message, "it was not done within 1 s");
}

TEST(HttpClient, NoSocketIsUnavailable) {
  EventLoop loop;
  HttpClient client(loop, "/nonexistent/docker.sock");
  Result<HttpResponse> response = run_task(loop, client.request({.target = "/x"}));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(response.error().message, HasSubstr("No such file or directory"));
}

TEST(HttpClient, ClosedWithoutReplyIsUnavailable) {
  Result<HttpResponse> response = ask("");
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
}

TEST(HttpClient, ClosedInsideTheBodyIsUnavailable) {
  Result<HttpResponse> response = ask("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
}

TEST(HttpClient, ClosedInsideAChunkIsUnavailable) {
  Result<HttpResponse> response =
      ask("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n30\r\nabc");
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
}

TEST(HttpClient, GarbageIsRefused) {
  Result<HttpResponse> response = ask("SSH-2.0-OpenSSH_9.2p1\r\n");
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(response.error().message, HasSubstr("not HTTP"));
}

TEST(HttpClient, BodyAboveTheLimitIsRefused) {
  HttpRequest request{.target = "/x", .max_body = 1000};
  EXPECT_TRUE(ask(http_reply(200, std::string(1000, 'a')), request));
  Result<HttpResponse> response = ask(http_reply(200, std::string(1001, 'a')), request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().message, "the reply is too large");
}

TEST(HttpClient, EndlessHeadersAreRefused) {
  std::string headers = "HTTP/1.1 200 OK\r\n";
  while (headers.size() < size_t{100} * 1024)
    headers += "X-More: " + std::string(500, 'x') + "\r\n";
  Result<HttpResponse> response = ask(headers);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().message, "the reply is too large");
}

TEST(HttpClient, RedirectIsNotFollowed) {
  Result<HttpResponse> response =
      ask("HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 301);
}

TEST(HttpClient, SlowReplyTimesOut) {
  FakeServer server([](const FakeRequest&, const FakeConnection& c) {
    c.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
    c.wait_hangup();
  });
  EventLoop loop;
  HttpClient client(loop, server.socket_path());
  HttpRequest request{.target = "/x", .timeout = milliseconds(100)};
  Result<HttpResponse> response = run_task(loop, client.request(request));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kTimeout);
}

TEST(HttpClient, DestroyedTaskCancelsTheRequest) {
  FakeServer server([](const FakeRequest&, const FakeConnection& c) { c.wait_hangup(); });
  EventLoop loop;
  HttpClient client(loop, server.socket_path());
  {
    auto request = client.request({.target = "/x"});
    std::optional<Result<HttpResponse>> out;
    Task<void> task = testing_support::keep_result(std::move(request), out);
    task.start();
    run_until(loop, [&] { return !server.requests().empty(); });
    EXPECT_FALSE(task.done());
  }
  // The server's destructor waits for the hang-up.
}

TEST(HttpClient, ManyAtOnce) {
  FakeServer server([](const FakeRequest& request, const FakeConnection& c) {
    c.send(http_reply(200, request.target));
  });
  EventLoop loop;
  HttpClient client(loop, server.socket_path());
  std::vector<std::optional<Result<HttpResponse>>> out(50);
  TaskGroup group;
  for (size_t i = 0; i < out.size(); ++i) {
    auto request = client.request({.target = "/" + std::to_string(i)});
    group.add(testing_support::keep_result(std::move(request), out[i]));
  }
  run_until(loop, [&] {
    return std::all_of(out.begin(), out.end(), [](const auto& one) { return one.has_value(); });
  });
  for (size_t i = 0; i < out.size(); ++i) EXPECT_EQ(out[i]->value().body, "/" + std::to_string(i));
}

// A server that refuses before it has read all of it.
TEST(HttpClient, AnAnswerCountsThoughNotAllWasSent) {
  FakeServer server(
      [](const FakeRequest&, const FakeConnection& c) { c.send(http_reply(413, "too much")); },
      testing_support::Reading::kHeadOnly);
  EventLoop loop;
  HttpClient client(loop, server.socket_path());
  HttpRequest request{.method = "POST", .target = "/x", .body = std::string(4'000'000, 'x')};
  Result<HttpResponse> response = run_task(loop, client.request(request));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 413);
  EXPECT_EQ(response->body, "too much");
}

TEST(HttpClient, AFileThatBecomesShorterIsTold) {
  FakeServer server(
      [](const FakeRequest&, const FakeConnection& c) { c.send(http_reply(200, "")); });
  EventLoop loop;
  HttpClient client(loop, server.socket_path());
  UniqueFd file(memfd_create("upload", MFD_CLOEXEC));
  HttpRequest request{.method = "POST", .target = "/build", .upload_fd = file.get()};
  request.upload_size = 10;
  Result<HttpResponse> response = run_task(loop, client.request(request));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().message, "what is to be sent has become shorter");
}

TEST(HttpStream, SilenceEndsIt) {
  FakeServer server([](const FakeRequest&, const FakeConnection& c) {
    c.send("HTTP/1.1 200 OK\r\n\r\nhello");
    c.wait_hangup();
  });
  EventLoop loop;
  HttpClient client(loop, server.socket_path());
  HttpRequest request{.target = "/x", .stream = {.silence = std::chrono::seconds(1)}};
  HttpStream stream{.on_open = [] {}, .on_data = [](std::string_view) { return true; }};
  auto response = run_task(loop, client.stream(request, stream));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kTimeout);
  EXPECT_EQ(response.error().message, "it fell silent");
}

TEST(HttpStream, OpensThenDelivers) {
  FakeServer server([](const FakeRequest&, const FakeConnection& c) {
    c.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    c.send("3\r\nabc\r\n");
    c.send("2\r\nde\r\n0\r\n\r\n");
  });
  EventLoop loop;
  HttpClient client(loop, server.socket_path());
  std::string seen;
  HttpStream stream{.on_open = [&] { seen += "<"; },
                    .on_data = [&](std::string_view piece) { return !(seen += piece).empty(); }};
  Result<HttpResponse> response = run_task(loop, client.stream({.target = "/x"}, stream));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "");
  EXPECT_EQ(seen, "<abcde");
}

TEST(HttpStream, OpensBeforeTheFirstByteOfTheBody) {
  FakeServer server([](const FakeRequest&, const FakeConnection& c) {
    c.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    c.wait_hangup();
  });
  EventLoop loop;
  HttpClient client(loop, server.socket_path());
  bool open = false;
  HttpStream stream{.on_open = [&] { open = true; },
                    .on_data = [](std::string_view) { return true; }};
  std::optional<Result<HttpResponse>> out;
  auto request = client.stream({.target = "/x"}, stream);
  Task<void> task = testing_support::keep_result(std::move(request), out);
  task.start();
  run_until(loop, [&] { return open; });
}

TEST(HttpStream, RefusalHasItsBody) {
  FakeServer server(
      [](const FakeRequest&, const FakeConnection& c) { c.send(http_reply(500, "broken")); });
  EventLoop loop;
  HttpClient client(loop, server.socket_path());
  bool called = false;
  HttpStream stream{.on_open = [&] { called = true; },
                    .on_data = [&](std::string_view) { return called = true; }};
  Result<HttpResponse> response = run_task(loop, client.stream({.target = "/x"}, stream));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 500);
  EXPECT_EQ(response->body, "broken");
  EXPECT_FALSE(called);
}

TEST(HttpStream, NoHeadersTimeOut) {
  FakeServer server([](const FakeRequest&, const FakeConnection& c) { c.wait_hangup(); });
  EventLoop loop;
  HttpClient client(loop, server.socket_path());
  HttpStream stream{.on_open = [] {}, .on_data = [](std::string_view) { return true; }};
  HttpRequest request{.target = "/x", .timeout = milliseconds(100)};
  Result<HttpResponse> response = run_task(loop, client.stream(request, stream));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kTimeout);
}

// Two bodies that are each allowed, and together are not.
TEST(HttpClient, WhatIsKeptOfAllRepliesHasALimit) {
  constexpr size_t kHalf = HttpClient::kMostKept / 2 + 1;
  std::atomic<bool> first_is_kept = false;
  std::atomic<bool> go_on = false;
  FakeServer server([&](const FakeRequest& request, const FakeConnection& c) {
    c.send("HTTP/1.1 200 OK\r\n\r\n");
    c.send(std::string(kHalf, 'x'));
    if (request.target != "/first") return;
    c.wait_read();
    first_is_kept = true;
    c.wait_for(go_on);
  });
  EventLoop loop;
  HttpClient client(loop, server.socket_path());
  auto ask_for = [](const char* target) {
    return HttpRequest{.target = target, .max_body = HttpClient::kMostKept};
  };
  std::optional<Result<HttpResponse>> first;
  auto request = client.request(ask_for("/first"));
  Task<void> task = testing_support::keep_result(std::move(request), first);
  task.start();
  run_until(loop, [&] { return first_is_kept.load(); });
  Result<HttpResponse> second = run_task(loop, client.request(ask_for("/second")));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message, "the reply is too large");
  go_on = true;
  run_until(loop, [&] { return first.has_value(); });
  ASSERT_TRUE(*first);
  EXPECT_EQ((*first)->body.size(), kHalf);
  EXPECT_TRUE(run_task(loop, client.request(ask_for("/second")))) << "the first one is not kept";
}

TEST(HttpStream, OneThatNeverEndsIsEnded) {
  FakeServer server([](const FakeRequest&, const FakeConnection& c) {
    c.send("HTTP/1.1 200 OK\r\n\r\n");
    for (int i = 0; i < 10000 && !c.is_hung_up(); ++i) {
      c.send("x\n");
      usleep(1000);
    }
  });
  EventLoop loop;
  HttpClient client(loop, server.socket_path());
  size_t seen = 0;
  HttpStream stream{.on_open = [] {},
                    .on_data = [&](std::string_view piece) { return (seen += piece.size()) > 0; }};
  HttpRequest request{.target = "/x", .stream = {.whole = milliseconds(200)}};
  Result<HttpResponse> response = run_task(loop, client.stream(request, stream));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kTimeout);
  EXPECT_GT(seen, 0U);
}

TEST(HttpStream, WhoHasHadEnoughEndsIt) {
  std::atomic<bool> hung_up = false;
  FakeServer server([&](const FakeRequest&, const FakeConnection& c) {
    c.send("HTTP/1.1 200 OK\r\n\r\nnonsense");
    c.wait_hangup();
    hung_up = true;
  });
  EventLoop loop;
  HttpClient client(loop, server.socket_path());
  HttpStream stream{.on_open = [] {}, .on_data = [](std::string_view) { return false; }};
  Result<HttpResponse> response = run_task(loop, client.stream({.target = "/x"}, stream));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(response.error().message, "what it sends makes no sense");
  run_until(loop, [&] { return hung_up.load(); });
}

TEST(HttpStream, AFloodIsReadAsFastAsPeopleNeedIt) {
  constexpr size_t kPiece = 65536;
  FakeServer server([](const FakeRequest&, const FakeConnection& c) {
    c.send("HTTP/1.1 200 OK\r\n\r\n");
    for (size_t sent = 0; sent < 256 * kPiece; sent += kPiece) c.send(std::string(kPiece, 'x'));
  });
  EventLoop loop;
  HttpClient client(loop, server.socket_path());
  size_t seen = 0;
  size_t largest = 0;
  HttpStream stream{.on_open = [] {},
                    .on_data =
                        [&](std::string_view piece) {
                          seen += piece.size();
                          largest = std::max(largest, piece.size());
                          return true;
                        }};
  std::optional<Result<HttpResponse>> out;
  auto request = client.stream({.target = "/x"}, stream);
  std::optional<Task<void>> task = testing_support::keep_result(std::move(request), out);
  task->start();
  auto end = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  run_until(loop, [&] { return std::chrono::steady_clock::now() > end; });
  EXPECT_GT(seen, 2 * kPiece);
  EXPECT_LT(seen, 64 * kPiece);  // of 256; sixteen are a second's
  EXPECT_LE(largest, kPiece / 2) << "others have their turn";
  task.reset();
}

}  // namespace
}  // namespace labgpu
