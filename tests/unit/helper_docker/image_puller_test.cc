// One pull per image, whoever waits for it, and the sentences that users get when it fails.
#include "helper/image_puller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "helper/log.h"
#include "tests/unit/helper_docker/fake_pull.h"
#include "tests/unit/helper_docker/fake_server.h"
#include "tests/unit/helper_docker/run_task.h"

namespace labgpu {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using namespace testing_support;

constexpr char kStream[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n";

// A puller at an engine whose pulls are answered by `script`.
struct Puller {
  using Script = std::function<void(const FakeConnection&)>;
  explicit Puller(Script script)
      : server(with_version("1.41", "1.12",
                            [script](const FakeRequest&, const FakeConnection& c) { script(c); })),
        client(loop, server.socket_path()) {
    log_to_stderr(false);
    puller.emplace(client);
  }
  ~Puller() { log_to_journal(false); }

  Result<void> pull(const std::string& image) { return run_task(loop, puller->pull(image)); }
  size_t pulls() {
    auto all = server.requests();
    return static_cast<size_t>(std::count_if(all.begin(), all.end(), [](const std::string& one) {
      return one.starts_with("POST /v1.41/images/create");
    }));
  }

  FakeServer server;
  EventLoop loop;
  DockerClient client;
  std::optional<ImagePuller> puller;
};

void send_success(const FakeConnection& connection) {
  connection.send(kStream + step("a", "Pull complete") + "\r\n");
}

TEST(ImagePuller, NamesAreTakenApartAsDockerWants) {
  Puller puller(send_success);
  struct Case {
    const char* image;
    const char* query;
  };
  for (const Case& one :
       {Case{"lab", "fromImage=lab&tag=latest"}, Case{"lab/cuda:12", "fromImage=lab%2Fcuda&tag=12"},
        Case{"host:5000/lab", "fromImage=host%3A5000%2Flab&tag=latest"},
        Case{"host:5000/lab:1", "fromImage=host%3A5000%2Flab&tag=1"},
        Case{"lab@sha256:00", "fromImage=lab&tag=sha256%3A00"},
        Case{"h:5/lab:1@sha256:00", "fromImage=h%3A5%2Flab%3A1&tag=sha256%3A00"}}) {
    ASSERT_TRUE(puller.pull(one.image));
    EXPECT_EQ(puller.server.requests().back(),
              std::string("POST /v1.41/images/create?") + one.query);
  }
}

TEST(ImagePuller, TenWaitForOnePullAndSeeItsProgress) {
  std::atomic<bool> go_on = false;
  Puller puller([&](const FakeConnection& c) {
    c.send(kStream);
    std::string line = step("a", "Downloading", 3, 10) + "\r\n";
    for (char byte : line) c.send({&byte, 1});
    c.wait_for(go_on);
    c.send(step("a", "Pull complete") + "\r\n");
  });
  std::vector<std::optional<Result<void>>> results(10);
  std::vector<Task<void>> waiting;
  for (auto& result : results) {
    waiting.push_back(keep_result(puller.puller->pull("lab"), result));
    waiting.back().start();
  }
  waiting.pop_back();  // one of them leaves
  auto done_bytes = [&] {
    auto progress = puller.puller->progress("lab");
    return progress ? progress->state.bytes_done : 0;
  };
  run_until(puller.loop, [&] { return done_bytes() == 3; });
  EXPECT_FALSE(puller.puller->progress("another"));
  go_on = true;
  run_until(puller.loop, [&] { return results[0].has_value(); });
  for (size_t i = 0; i < 9; ++i) {
    ASSERT_TRUE(results[i].has_value());
    EXPECT_TRUE(*results[i]);
  }
  EXPECT_FALSE(results[9].has_value());
  EXPECT_EQ(puller.pulls(), 1U);
  EXPECT_FALSE(puller.puller->progress("lab"));
  EXPECT_TRUE(puller.pull("lab"));
  EXPECT_EQ(puller.pulls(), 2U);
}

TEST(ImagePuller, GoesOnWhenEverybodyHasLeft) {
  std::atomic<bool> go_on = false;
  Puller puller([&](const FakeConnection& c) {
    c.send(kStream);
    c.wait_for(go_on);
    send_success(c);
  });
  {
    std::optional<Result<void>> result;
    Task<void> waiting = keep_result(puller.puller->pull("lab"), result);
    waiting.start();
  }
  EXPECT_TRUE(puller.puller->progress("lab"));
  go_on = true;
  run_until(puller.loop, [&] { return !puller.puller->progress("lab"); });
  EXPECT_EQ(puller.pulls(), 1U);
}

TEST(ImagePuller, AnImageThatIsNowhereIsForTheAdministrator) {
  Puller puller([](const FakeConnection& c) {
    c.send(http_reply(404, R"({"message":"manifest for lab:1 not found: manifest unknown"})"));
  });
  Result<void> pulled = puller.pull("lab:1");
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(pulled.error().message,
              AllOf(HasSubstr("the image lab:1 is not on this server"),
                    HasSubstr("manifest for lab:1 not found"), HasSubstr("administrator")));
}

TEST(ImagePuller, FailuresThatMayPassSayWhenItIsTriedAgain) {
  const std::string in_stream = kStream + step("a", "Downloading", 1, 2) + "\r\n" +
                                R"({"errorDetail":{"message":"the reason"},"error":"the reason"})";
  for (const std::string& reply :
       {http_reply(500, R"({"message":"the reason"})"), in_stream + "\r\n"}) {
    Puller puller([&](const FakeConnection& c) { c.send(reply); });
    Result<void> pulled = puller.pull("lab");
    ASSERT_FALSE(pulled) << reply;
    EXPECT_EQ(pulled.error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(pulled.error().message,
              "the image lab is not on this server, and Docker cannot fetch it: the reason; a "
              "login after 10 seconds tries again");
  }
}

TEST(ImagePuller, StreamsThatMakeNoSenseAreFailures) {
  std::string endless(LineSplitter::kMaxLine + 10, 'x');
  for (const std::string& body : {std::string("nonsense\n"), std::string("{}\n[]\n"), endless}) {
    Puller puller([&](const FakeConnection& c) { c.send(kStream + body); });
    EXPECT_FALSE(puller.pull("lab")) << body.substr(0, 20);
  }
}

TEST(ImagePuller, AConnectionThatBreaksOffIsAFailure) {
  Puller puller([](const FakeConnection& c) {
    c.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}\r\n");
  });
  Result<void> pulled = puller.pull("lab");
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().code, ErrorCode::kUnavailable);
}

TEST(ImagePuller, AFailureIsNotRepeatedAtOnce) {
  Puller puller([](const FakeConnection& c) { c.send(http_reply(500, "{}")); });
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(puller.pull("lab"));
  EXPECT_EQ(puller.pulls(), 1U);
  EXPECT_FALSE(puller.pull("other"));
  EXPECT_EQ(puller.pulls(), 2U);
}

TEST(ImagePuller, MayEndWhileItWorks) {
  Puller puller([](const FakeConnection& c) {
    c.send(kStream);
    c.wait_hangup();
  });
  std::optional<Result<void>> result;
  Task<void> waiting = keep_result(puller.puller->pull("lab"), result);
  waiting.start();
  run_until(puller.loop, [&] { return puller.pulls() == 1; });
  puller.puller.reset();
  EXPECT_FALSE(result.has_value());
}

}  // namespace
}  // namespace labgpu
