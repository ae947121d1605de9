// The event stream: lines in any pieces, events that make no sense, and connections that end.
#include "helper/docker_events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <vector>

#include "helper/log.h"
#include "tests/unit/helper_docker/fake_server.h"
#include "tests/unit/helper_docker/run_task.h"

namespace labgpu {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing_support::FakeConnection;
using testing_support::FakeRequest;
using testing_support::FakeServer;
using testing_support::run_until;
using testing_support::with_version;

std::string event_line(const std::string& action, const std::string& id) {
  return R"({"Type":"container","Action":")" + action + R"(","Actor":{"ID":")" + id +
         R"(","Attributes":{"org.labgpu.user":"alice"}},"time":1})" + "\n";
}

TEST(LineSplitter, AnyPiecesGiveTheSameLines) {
  const std::string text = "one\n\ntwo\nthree";
  for (size_t step = 1; step <= text.size(); ++step) {
    LineSplitter splitter;
    std::vector<std::string> lines;
    for (size_t at = 0; at < text.size(); at += step) {
      ASSERT_TRUE(splitter.feed(std::string_view(text).substr(at, step),
                                [&](std::string_view line) { lines.emplace_back(line); }));
    }
    EXPECT_THAT(lines, ElementsAre("one", "two"));
  }
}

TEST(LineSplitter, EndlessLineIsRefused) {
  LineSplitter splitter;
  auto ignore = [](std::string_view) {};
  EXPECT_TRUE(splitter.feed(std::string(LineSplitter::kMaxLine, 'x'), ignore));
  EXPECT_FALSE(splitter.feed("x", ignore));
}

TEST(ContainerEvent, IsRead) {
  Result<ContainerEvent> event = parse_container_event(event_line("start", "abc"));
  ASSERT_TRUE(event);
  EXPECT_EQ(event->action, "start");
  EXPECT_EQ(event->id, "abc");
}

TEST(ContainerEvent, HasWhatGoesWithIt) {
  Result<ContainerEvent> event = parse_container_event(
      R"({"Action":"die","Actor":{"ID":"abc","Attributes":{"exitCode":"137","signal":"9"}},)"
      R"("timeNano":1700000000000000001})");
  ASSERT_TRUE(event) << event.error().message;
  EXPECT_EQ(event->exit_code, "137");
  EXPECT_EQ(event->signal, "9");
  EXPECT_EQ(event->nanoseconds, 1700000000000000001);
}

TEST(ContainerEvent, NonsenseIsAnError) {
  for (const char* line : {"", "x", "{}", "[]", R"({"Action":"start"})",
                           R"({"Action":1,"Actor":{"ID":"a"}})", R"({"Action":"a","Actor":"b"})"}) {
    EXPECT_FALSE(parse_container_event(line)) << line;
  }
}

// Follows a fake engine whose connection number N is answered by scripts[N]; later ones hang.
struct Follower {
  using Script = std::function<void(const FakeConnection&)>;

  explicit Follower(std::vector<Script> all)
      : scripts(std::move(all)),
        server(with_version("1.41", "1.12",
                            [this](const FakeRequest&, const FakeConnection& c) {
                              size_t number = connections++;
                              if (number < scripts.size()) return scripts[number](c);
                              c.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
                              c.wait_hangup();
                            })),
        client(loop, server.socket_path()),
        events(loop, client, "org.labgpu.user",
               {.on_resync = [this] { seen.emplace_back("resync"); },
                .on_event =
                    [this](const ContainerEvent& e) { seen.push_back(e.action + " " + e.id); }}) {
    log_to_stderr(false);
    events.start();
  }
  ~Follower() { log_to_journal(false); }

  void wait_for(size_t count) {
    run_until(loop, [&] { return seen.size() >= count; });
  }

  std::vector<Script> scripts;
  std::atomic<size_t> connections = 0;
  std::vector<std::string> seen;
  FakeServer server;
  EventLoop loop;
  DockerClient client;
  DockerEvents events;
};

std::string stream_of(const std::string& body) {
  return "HTTP/1.1 200 OK\r\n\r\n" + body;  // without a length: until the end of the connection
}

TEST(DockerEvents, ResyncComesFirstThenEvents) {
  Follower follower({[](const FakeConnection& c) {
    c.send(stream_of(event_line("start", "a") + event_line("die", "b")));
    c.wait_hangup();
  }});
  follower.wait_for(3);
  EXPECT_THAT(follower.seen, ElementsAre("resync", "start a", "die b"));
  EXPECT_THAT(follower.server.requests().back(), HasSubstr("/v1.41/events?since="));
}

TEST(DockerEvents, ConnectsAgainAndResyncs) {
  auto one = [](const FakeConnection& c) { c.send(stream_of(event_line("start", "a"))); };
  Follower follower({one, one});
  follower.wait_for(5);
  EXPECT_THAT(follower.seen, ElementsAre("resync", "start a", "resync", "start a", "resync"));
}

TEST(DockerEvents, RefusalIsTriedAgain) {
  auto refuse = [](const FakeConnection& c) {
    c.send(testing_support::http_reply(500, R"({"message":"not now"})"));
  };
  Follower follower({refuse, refuse});
  follower.wait_for(1);
  EXPECT_EQ(follower.connections, 3U);
  EXPECT_THAT(follower.seen, ElementsAre("resync"));
}

// Twice the same: the second connection comes later, and the third later still.
TEST(DockerEvents, WhatIsNoEventEndsTheConnection) {
  auto nonsense = [](const FakeConnection& c) {
    c.send(stream_of("{\"Action\":\n" + event_line("start", "a")));
    c.wait_hangup();
  };
  Follower follower({nonsense, nonsense});
  auto begun = std::chrono::steady_clock::now();
  follower.wait_for(3);
  EXPECT_THAT(follower.seen, ElementsAre("resync", "resync", "resync"));
  EXPECT_GE(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(100 + 200));
}

TEST(DockerEvents, AnEventWithoutAnEndDoes) {
  Follower follower({[](const FakeConnection& c) {
    c.send(stream_of(std::string(LineSplitter::kMaxLine + 1, 'x')));
    c.wait_hangup();
  }});
  follower.wait_for(2);
  EXPECT_THAT(follower.seen, ElementsAre("resync", "resync"));
}

}  // namespace
}  // namespace labgpu
