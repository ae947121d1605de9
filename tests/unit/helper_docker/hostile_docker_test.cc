// A Docker that floods, lies, falls silent and never ends: the container manager goes on, what it
// keeps is bounded, and each wait has an end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "helper/container_manager.h"
#include "helper/log.h"
#include "helper/refresh_queue.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/helper_docker/fake_server.h"
#include "tests/unit/helper_docker/run_task.h"

namespace labgpu {
namespace {

using ::testing::HasSubstr;
using namespace testing_support;

constexpr char kStream[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n";

std::string started(const std::string& id) {
  return R"({"Action":"start","Actor":{"ID":")" + id + "\"}}\n";
}

// How many are inside at once, and the most there were. Who leaves does so before the answer, which
// may bring the next one at once.
class Crowd {
 public:
  void enter() {
    size_t now = ++now_;
    for (size_t most = most_; most < now && !most_.compare_exchange_weak(most, now);) continue;
  }
  void leave() { --now_; }
  [[nodiscard]] size_t most() const { return most_; }

 private:
  std::atomic<size_t> now_ = 0;
  std::atomic<size_t> most_ = 0;
};

class HostileDockerTest : public ::testing::Test {
 protected:
  using Answer = std::function<void(const FakeRequest&, const FakeConnection&)>;

  HostileDockerTest() { log_to_stderr(false); }
  ~HostileDockerTest() override { log_to_journal(false); }

  // An engine that answers the stream of events as `events` does and everything else as `others`.
  void start(const Answer& events, const Answer& others) {
    manager_.reset();
    docker_.reset();
    server_.emplace(with_version("1.41", "1.12", [=](const auto& request, const auto& connection) {
      bool is_stream = request.target.starts_with("/v1.41/events");
      return is_stream ? events(request, connection) : others(request, connection);
    }));
    docker_.emplace(loop_, server_->socket_path());
    manager_.emplace(loop_, *docker_, config_, directory_.path());
  }
  size_t count(const std::string& part) {
    auto all = server_->requests();
    return static_cast<size_t>(std::count_if(all.begin(), all.end(), [&](const std::string& one) {
      return one.find(part) != std::string::npos;
    }));
  }
  static Account account() {
    Account account;
    account.name = "alice";
    account.uid = account.gid = 20001;
    account.home = "/home/alice";
    account.settings.image = "lab";
    return account;
  }
  // What a login gets to hear when Docker answers everything so.
  Error refusal(const std::string& reply) {
    start([](const auto&, const auto& c) { c.wait_hangup(); },
          [reply](const auto&, const auto& c) { c.send(reply); });
    auto running = run_task(loop_, manager_->ensure_running(account()));
    EXPECT_FALSE(running) << reply.substr(0, 200);
    return running ? Error{} : running.error();
  }

  // Before the server, whose threads may still be in them when the test is over.
  Crowd crowd_;
  std::atomic<bool> flooded_ = false;
  test::TemporaryDirectory directory_;
  Config config_;
  EventLoop loop_;
  std::optional<FakeServer> server_;
  std::optional<DockerClient> docker_;
  std::optional<ContainerManager> manager_;
};

TEST_F(HostileDockerTest, AFloodOfEventsIsNoFloodOfRequests) {
  constexpr int kEvents = 1000;
  start(
      [](const auto&, const FakeConnection& c) {
        c.send(kStream);
        for (int i = 0; i < kEvents; ++i) c.send(started("flood" + std::to_string(i % 100)));
        c.send(started("last"));
        c.wait_hangup();
      },
      [this](const FakeRequest&, const FakeConnection& c) {
        crowd_.enter();
        usleep(1000);
        crowd_.leave();
        c.send(http_reply(404, "{}"));
      });
  manager_->start_following([](const EngineInfo&) {});
  auto longest = std::chrono::steady_clock::duration::zero();
  auto before = std::chrono::steady_clock::now();
  run_until(loop_, [&] {
    auto now = std::chrono::steady_clock::now();
    longest = std::max(longest, now - std::exchange(before, now));
    return count("containers/last/json") == 1;
  });
  // Beside the few containers: the list, and what Docker says of itself.
  EXPECT_LE(crowd_.most(), RefreshQueue::kAtOnce + 2);
  EXPECT_LT(longest, std::chrono::seconds(3)) << "somebody else would have waited that long";
}

TEST_F(HostileDockerTest, AFloodOfNonsenseAsksForOneListAtATime) {
  start(
      [this](const auto&, const FakeConnection& c) {
        c.send(kStream);
        for (int i = 0; i < 3000; ++i) c.send("{\"Action\":[[[[\n");
        flooded_ = true;
        c.wait_hangup();
      },
      [this](const FakeRequest&, const FakeConnection& c) {
        crowd_.enter();
        usleep(2000);
        crowd_.leave();
        c.send(http_reply(200, "[]"));
      });
  manager_->start_following([](const EngineInfo&) {});
  run_until(loop_, [&] { return flooded_ && count("containers/json") >= 2; });
  EXPECT_LE(crowd_.most(), 2U);
}

// As after a helper that ended while it made containers anew.
TEST_F(HostileDockerTest, AFloodOfContainersAsideIsNoFloodOfRequests) {
  constexpr int kContainers = 500;
  std::string list;
  std::string last;
  for (int i = 0; i < kContainers; ++i) {
    last = std::to_string(100000000000 + i);
    list += (i == 0 ? "[" : ",") + (R"({"Id":")" + last) +
            R"(","State":"exited","Names":["/alice_container.ran-)" + last + "\"]}";
  }
  list += "]";
  start(
      [](const auto&, const FakeConnection& c) {
        c.send(kStream);
        c.wait_hangup();
      },
      [this, list](const FakeRequest& request, const FakeConnection& c) {
        bool is_list = request.target.find("/containers/json") != std::string::npos;
        if (is_list) return c.send(http_reply(200, list));
        crowd_.enter();
        usleep(1000);
        crowd_.leave();
        c.send(http_reply(404, "{}"));
      });
  manager_->start_following([](const EngineInfo&) {});
  run_until(loop_, [&] { return count("containers/" + last + "/json") == 1; });
  // Beside the few containers: what Docker says of itself.
  EXPECT_LE(crowd_.most(), RefreshQueue::kAtOnce + 1);
}

TEST_F(HostileDockerTest, AContainerThatDockerHangsOnKeepsNoOtherBack) {
  start(
      [](const auto&, const FakeConnection& c) {
        c.send(kStream);
        c.wait_hangup();
      },
      [](const FakeRequest& request, const FakeConnection& c) {
        if (request.target.find("/containers/json") != std::string::npos) {
          c.send(http_reply(200, R"([{"Id":"hung","State":"running"},
                                     {"Id":"well","State":"running"}])"));
        } else if (request.target.find("hung") != std::string::npos) {
          c.wait_hangup();
        } else {
          c.send(http_reply(404, "{}"));
        }
      });
  manager_->start_following([](const EngineInfo&) {});
  run_until(loop_, [&] { return count("containers/well/json") == 1; });
}

TEST_F(HostileDockerTest, NoReplyOfTheWrongFormGetsFurtherThanAnError) {
  const std::string deep = R"([{"Id":)" + std::string(500000, '[');
  const std::string many = [] {
    std::string list = "[";
    for (int i = 0; i < 1000; ++i) list += R"({"Id":"a","State":"running"},)";
    list.back() = ']';
    return list;
  }();
  for (const std::string& body :
       {std::string(), std::string("{"), std::string("null"), std::string("{}"), std::string("7"),
        std::string("[7]"), std::string(R"([{"Id":7}])"), std::string(R"([{"Id":"","State":"x"}])"),
        R"([{"Id":")" + std::string(5000, 'a') + R"(","State":"running"}])", deep, many}) {
    EXPECT_EQ(refusal(http_reply(200, body)).code, ErrorCode::kInvalid) << body.substr(0, 40);
  }
}

TEST_F(HostileDockerTest, NoBrokenReplyGetsFurtherThanAnError) {
  for (const std::string& reply : {
           std::string("HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n[]"),
           std::string("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n[]"),
           std::string("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n[]"),
           std::string("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n[]"),
           std::string(
               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n[]\r\n0\r\n\r\n"),
           std::string(
               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n"),
           std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]"),
           std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nxxxx"),
           std::string("HTTP/1.1 101 Switching Protocols\r\nUpgrade: tcp\r\n\r\n[]"),
           std::string("HTTP/9.9 200 OK\r\n\r\n[]"),
           std::string("[]"),
           std::string(3, '\0'),
       }) {
    refusal(reply);
  }
}

TEST_F(HostileDockerTest, DockersSentenceIsOneLineAndCut) {
  auto error = refusal(http_reply(
      500, R"({"message":"first\nsecond\u0000\u001b[2J )" + std::string(100000, 'x') + "\"}"));
  EXPECT_EQ(error.code, ErrorCode::kUnavailable);
  EXPECT_THAT(error.message, HasSubstr("first second  [2J"));
  EXPECT_LT(error.message.size(), 1200U);
}

}  // namespace
}  // namespace labgpu
