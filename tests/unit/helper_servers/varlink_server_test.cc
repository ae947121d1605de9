// The Varlink server: framing, order, introspection, and callers that misbehave.
#include "helper/varlink_server.h"

#include <gmock/gmock.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>

#include "helper/build_info.h"
#include "tests/support/peer_process.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/helper_docker/run_task.h"

namespace labgpu::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;
using testing::UnorderedElementsAreArray;
using testing_support::run_until;

constexpr gid_t kAdmins = 4712;
constexpr size_t kLongest = 10000;
constexpr size_t kLongestOfAdmins = 20000;

// Notes that it goes.
struct Left {
  std::vector<std::string>& called;
  ~Left() { called.emplace_back("left"); }
};

// Stay answers never, and is left by its caller alone. Echo answers after `waits` milliseconds; Big
// with much; Fail with an error.
class TestInterface final : public VarlinkInterface {
 public:
  explicit TestInterface(EventLoop& loop) : loop_(loop) {}
  std::vector<std::string> called;
  Peer last_peer;

  [[nodiscard]] std::string name() const override { return "org.example"; }
  [[nodiscard]] std::string description() const override { return "interface org.example\n"; }
  [[nodiscard]] bool is_admin(const Peer& peer) const override {
    return VarlinkInterface::is_admin(peer) ||
           std::find(peer.groups.begin(), peer.groups.end(), kAdmins) != peer.groups.end();
  }
  Task<VarlinkReply> call(VarlinkCall call) override {
    last_peer = call.peer;
    auto wait = std::chrono::milliseconds(call.parameters.value("wait", 0));
    if (wait.count() > 0) co_await loop_.sleep(wait);
    called.push_back(call.method + call.parameters.value("tag", ""));
    if (call.method == "Stay") {
      Left left{called};
      call.end_with_caller();
      co_await loop_.sleep(std::chrono::hours(1));
    }
    if (call.method == "Echo") co_return call.parameters;
    if (call.method == "Big") co_return big();
    if (call.method == "Count") {
      for (int i = 1; i <= call.parameters.value("to", 0); ++i) {
        call.tell(counted(i));
        co_await loop_.turn();
      }
      called.emplace_back("the end");
      co_return counted(0);
    }
    co_return method_not_found(call);
  }

 private:
  static json counted(int i) { return {{"i", i}}; }
  static json big() { return {{"text", std::string(size_t{3} << 20, 'b')}}; }
  EventLoop& loop_;
};

class VarlinkServerTest : public testing::Test {
 protected:
  class Client {
   public:
    Client(EventLoop& loop, UniqueFd fd) : loop_(loop), fd_(std::move(fd)) {}
    void send(std::string_view bytes) {
      while (!bytes.empty()) {
        auto sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN) return;  // the server hung up
        if (sent > 0) bytes.remove_prefix(static_cast<size_t>(sent));
        loop_.run_once(std::chrono::milliseconds(0));
      }
    }
    void call(const std::string& method, const json& parameters,
              const json& more = json::object()) {
      json message = {{"method", method}, {"parameters", parameters}};
      message.update(more);
      send(message.dump() + std::string(1, '\0'));
    }
    // The next reply; null at the end of the connection.
    json receive() {
      for (;;) {
        auto end = buffer_.find('\0');
        if (end != std::string::npos) {
          auto message = buffer_.substr(0, end);
          buffer_.erase(0, end + 1);
          return json::parse(message);
        }
        pollfd waited{.fd = fd_.get(), .events = POLLIN, .revents = 0};
        run_until(loop_, [&] { return poll(&waited, 1, 0) > 0; });
        char chunk[1 << 16];
        auto size = recv(fd_.get(), chunk, sizeof chunk, MSG_DONTWAIT);
        if (size <= 0) return nullptr;
        buffer_.append(chunk, static_cast<size_t>(size));
      }
    }
    [[nodiscard]] int fd() const { return fd_.get(); }
    void hang_up() { fd_.reset(); }

   private:
    EventLoop& loop_;
    UniqueFd fd_;
    std::string buffer_;
  };

  VarlinkServerTest() {
    std::filesystem::permissions(directory_.path(), std::filesystem::perms(0755));
    auto listening = listen_at(path_, SOCK_STREAM);
    if (!listening) throw std::runtime_error(listening.error().message);
    VarlinkLimits limits{.message = kLongest,
                         .message_of_admin = kLongestOfAdmins,
                         .connections = {.total = 8, .unprivileged = 4, .per_user = 2},
                         .idle = std::chrono::milliseconds(1500)};
    server_ = std::make_unique<VarlinkServer>(loop_, std::move(*listening), interface_, limits);
  }
  Client client(uid_t uid = 0, std::vector<gid_t> groups = {}) {
    PeerProcess peer(
        {.uid = uid, .own_network = false, .type = SOCK_STREAM, .groups = std::move(groups)},
        path_);
    return Client(loop_, std::move(peer.connection));
  }
  static std::string error_of(const json& reply) { return reply.value("error", "none"); }

  EventLoop loop_;
  TemporaryDirectory directory_;
  std::string path_ = directory_ / "socket";
  TestInterface interface_{loop_};
  std::unique_ptr<VarlinkServer> server_;
};

TEST_F(VarlinkServerTest, SaysWhatItIs) {
  auto caller = client();
  caller.call("org.varlink.service.GetInfo", json::object());
  auto info = caller.receive()["parameters"];
  EXPECT_EQ(info["product"], "labgpud");
  EXPECT_EQ(info["version"], kLabgpuVersion);
  EXPECT_EQ(info["interfaces"], json({"org.varlink.service", "org.example"}));
  caller.call("org.varlink.service.GetInterfaceDescription", {{"interface", "org.example"}});
  EXPECT_EQ(caller.receive()["parameters"]["description"], "interface org.example\n");
  caller.call("org.varlink.service.GetInterfaceDescription",
              {{"interface", "org.varlink.service"}});
  EXPECT_THAT(caller.receive()["parameters"]["description"].get<std::string>(),
              HasSubstr("method GetInfo()"));
}

TEST_F(VarlinkServerTest, TellsHowFarItIsToThoseWhoTakeMoreReplies) {
  auto caller = client();
  caller.call("org.example.Count", {{"to", 2}}, {{"more", true}});
  for (int i : {1, 2}) {
    EXPECT_EQ(caller.receive(), json({{"parameters", {{"i", i}}}, {"continues", true}}));
  }
  EXPECT_EQ(caller.receive(), json({{"parameters", {{"i", 0}}}}));
  for (const auto& how : {json::object(), json({{"more", false}})}) {
    caller.call("org.example.Count", {{"to", 2}}, how);
    EXPECT_EQ(caller.receive(), json({{"parameters", {{"i", 0}}}}));
  }
  caller.call("org.example.Count", {{"to", 2}}, {{"more", true}, {"oneway", true}});
  caller.call("org.example.Echo", {{"next", 1}});
  EXPECT_EQ(caller.receive(), json({{"parameters", {{"next", 1}}}}));
}

TEST_F(VarlinkServerTest, WhoDoesNotReadWhatItIsToldGetsTheReplyAllTheSame) {
  auto caller = client();
  caller.call("org.example.Count", {{"to", 20000}}, {{"more", true}});
  run_until(loop_,
            [this] { return !interface_.called.empty() && interface_.called.back() == "the end"; });
  json last;
  int64_t before = 0;
  int count = 0;
  for (last = caller.receive(); last.contains("continues"); last = caller.receive()) {
    EXPECT_GT(last["parameters"]["i"], before);
    before = last["parameters"]["i"];
    ++count;
  }
  EXPECT_LT(count, 20000) << "everything was kept for it";
  EXPECT_EQ(last, json({{"parameters", {{"i", 0}}}}));
}

TEST_F(VarlinkServerTest, ACallThatWantsToEndsWithItsCaller) {
  auto caller = client();
  caller.call("org.example.Stay", json::object());
  run_until(loop_, [this] { return !interface_.called.empty(); });
  EXPECT_EQ(interface_.called.back(), "Stay");
  caller.hang_up();
  run_until(loop_, [this] { return interface_.called.back() == "left"; });
  auto other = client();
  other.call("org.example.Echo", {{"still", "here"}});
  EXPECT_EQ(other.receive()["parameters"]["still"], "here");
}

TEST_F(VarlinkServerTest, WhatIsNotThereIsAnErrorOfTheService) {
  auto caller = client();
  caller.call("org.nowhere.Echo", json::object());
  auto reply = caller.receive();
  EXPECT_EQ(error_of(reply), "org.varlink.service.InterfaceNotFound");
  EXPECT_EQ(reply["parameters"]["interface"], "org.nowhere");
  caller.call("org.example.Nothing", json::object());
  reply = caller.receive();
  EXPECT_EQ(error_of(reply), "org.varlink.service.MethodNotFound");
  EXPECT_EQ(reply["parameters"]["method"], "org.example.Nothing");
  caller.call("org.varlink.service.Nothing", json::object());
  EXPECT_EQ(error_of(caller.receive()), "org.varlink.service.MethodNotFound");
  caller.call("nonsense", json::object());
  EXPECT_EQ(error_of(caller.receive()), "org.varlink.service.InterfaceNotFound");
  caller.call("org.varlink.service.GetInterfaceDescription", {{"interface", "org.nowhere"}});
  EXPECT_EQ(error_of(caller.receive()), "org.varlink.service.InterfaceNotFound");
  caller.call("org.varlink.service.GetInterfaceDescription", {{"interface", 5}});
  reply = caller.receive();
  EXPECT_EQ(error_of(reply), "org.varlink.service.InvalidParameter");
  EXPECT_EQ(reply["parameters"]["parameter"], "interface");
  caller.call("org.varlink.service.GetInfo", {{"extra", 1}});
  EXPECT_EQ(error_of(caller.receive()), "org.varlink.service.InvalidParameter");
  caller.call("org.example.Echo", json::object(), {{"upgrade", true}});
  EXPECT_EQ(error_of(caller.receive()), "org.varlink.service.MethodNotImplemented");
}

TEST_F(VarlinkServerTest, RepliesComeInTheOrderOfTheCalls) {
  auto caller = client();
  std::string calls;
  for (int i = 0; i < 20; ++i) {
    json message = {{"method", "org.example.Echo"},
                    {"parameters", {{"tag", std::to_string(i)}, {"wait", i % 3}}}};
    calls += message.dump() + std::string(1, '\0');
  }
  caller.send(calls);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(caller.receive()["parameters"]["tag"], std::to_string(i));
  }
}

TEST_F(VarlinkServerTest, ACallMayComeByteByByte) {
  auto caller = client();
  std::string message = R"({"method":"org.example.Echo","parameters":{"tag":"x"}})";
  message.push_back('\0');
  for (char c : message) caller.send({&c, 1});
  EXPECT_EQ(caller.receive()["parameters"]["tag"], "x");
}

TEST_F(VarlinkServerTest, OnewayCallsAreDoneAndNotAnswered) {
  auto caller = client();
  caller.call("org.example.Echo", {{"tag", "1"}}, {{"oneway", true}});
  caller.call("org.example.Echo", {{"tag", "2"}}, {{"more", true}, {"someday", 1}});
  EXPECT_EQ(caller.receive()["parameters"]["tag"], "2");
  EXPECT_EQ(interface_.called, (std::vector<std::string>{"Echo1", "Echo2"}));
}

TEST_F(VarlinkServerTest, ParametersMayBeLeftOut) {
  auto caller = client();
  caller.send(std::string(R"({"method":"org.example.Echo"})") + '\0');
  EXPECT_EQ(caller.receive()["parameters"], json::object());
}

TEST_F(VarlinkServerTest, WhatIsNoCallEndsTheConnection) {
  const std::vector<std::string> bad = {"",
                                        "x",
                                        "[]",
                                        "{}",
                                        "{\"method\":5}",
                                        "{\"method\":\"a.b\",\"parameters\":[]}",
                                        "{\"method\":\"a.b\",\"oneway\":1}",
                                        "{\"method\":\"\xff\"}",
                                        std::string(5000, '['),
                                        std::string(9999, ' ')};
  for (const auto& message : bad) {
    auto caller = client();
    caller.send(message + '\0');
    EXPECT_EQ(caller.receive(), nullptr) << message.substr(0, 40);
  }
}

TEST_F(VarlinkServerTest, AHugeMessageEndsTheConnectionBeforeItIsWhole) {
  auto caller = client();
  caller.send("{\"method\":\"" + std::string(200000, 'a'));
  EXPECT_EQ(caller.receive(), nullptr);
}

TEST_F(VarlinkServerTest, TheLargestMessageIsTakenAndIsLongerForAdministrators) {
  std::string frame = R"({"method":"org.example.Echo","parameters":{"tag":""}})";
  auto send_one_that_fits_and_one_that_does_not = [&](Client caller, size_t longest) {
    caller.call("org.example.Echo", {{"tag", std::string(longest - frame.size(), 'x')}});
    EXPECT_EQ(error_of(caller.receive()), "none") << longest;
    caller.call("org.example.Echo", {{"tag", std::string(longest + 1 - frame.size(), 'x')}});
    EXPECT_EQ(caller.receive(), nullptr) << longest;
  };
  send_one_that_fits_and_one_that_does_not(client(4711), kLongest);
  send_one_that_fits_and_one_that_does_not(client(4711, {kAdmins}), kLongestOfAdmins);
  send_one_that_fits_and_one_that_does_not(client(), kLongestOfAdmins);
}

TEST_F(VarlinkServerTest, ABigReplyArrivesWhole) {
  auto caller = client();
  caller.call("org.example.Big", json::object());
  caller.call("org.example.Echo", {{"tag", "after"}});
  EXPECT_EQ(caller.receive()["parameters"]["text"].get<std::string>().size(), size_t{3} << 20);
  EXPECT_EQ(caller.receive()["parameters"]["tag"], "after");
}

TEST_F(VarlinkServerTest, AReplyThatNobodyReadsIsGivenUp) {
  auto caller = client();
  caller.call("org.example.Big", json::object());
  pollfd hung_up{.fd = caller.fd(), .events = 0, .revents = 0};
  run_until(loop_, [&] { return poll(&hung_up, 1, 0) > 0; });
  EXPECT_NE(hung_up.revents & POLLHUP, 0);
}

TEST_F(VarlinkServerTest, HalfAMessageIsNotWaitedForForEver) {
  auto caller = client();
  caller.send("{\"method\":");
  EXPECT_EQ(caller.receive(), nullptr);
}

TEST_F(VarlinkServerTest, ACallThatTakesLongIsNoIdleness) {
  auto caller = client();
  caller.call("org.example.Echo", {{"tag", "x"}, {"wait", 2500}});
  EXPECT_EQ(caller.receive()["parameters"]["tag"], "x");
}

TEST_F(VarlinkServerTest, ACallGoesOnWhenItsCallerLeaves) {
  auto caller = client();
  caller.call("org.example.Echo", {{"tag", "x"}, {"wait", 50}});
  for (int i = 0; i < 5; ++i) loop_.run_once(std::chrono::milliseconds(1));
  caller.hang_up();
  run_until(loop_, [this] { return !interface_.called.empty(); });
  auto other = client();
  other.call("org.example.Echo", {{"tag", "y"}});
  EXPECT_EQ(other.receive()["parameters"]["tag"], "y");
}

TEST_F(VarlinkServerTest, TheKernelSaysWhoCalls) {
  auto groups_of_peer_in = [this](std::vector<gid_t> groups) {
    auto caller = client(4711, std::move(groups));
    caller.call("org.example.Echo", json::object());
    caller.receive();
    EXPECT_EQ(interface_.last_peer.uid, 4711U);
    return interface_.last_peer.groups;
  };
  EXPECT_THAT(groups_of_peer_in({}), ElementsAre(4711));
  EXPECT_THAT(groups_of_peer_in({27, 100}), UnorderedElementsAre(27, 100, 4711));
  std::vector<gid_t> many;
  for (gid_t i = 1; i <= 1000; ++i) many.push_back(i);
  auto found = groups_of_peer_in(many);
  many.push_back(4711);
  EXPECT_THAT(found, UnorderedElementsAreArray(many));
}

TEST_F(VarlinkServerTest, NoUserCanKeepRootOut) {
  std::vector<std::unique_ptr<PeerProcess>> flood;
  for (uid_t i = 0; i < 12; ++i) {
    flood.push_back(std::make_unique<PeerProcess>(
        PeerProcess::Who{.uid = 4711 + i / 3, .own_network = false, .type = SOCK_STREAM}, path_));
    loop_.run_once(std::chrono::milliseconds(1));
  }
  Client third(loop_, std::move(flood[2]->connection));  // the user's third connection
  EXPECT_EQ(third.receive(), nullptr);
  auto root = client();
  root.call("org.example.Echo", {{"tag", "root"}});
  EXPECT_EQ(root.receive()["parameters"]["tag"], "root");
}

TEST_F(VarlinkServerTest, TheServerMayEndDuringACall) {
  auto caller = client();
  caller.call("org.example.Echo", {{"wait", 10000}});
  for (int i = 0; i < 5; ++i) loop_.run_once(std::chrono::milliseconds(1));
  server_.reset();
  EXPECT_EQ(caller.receive(), nullptr);
}

TEST(VarlinkMessage, WhatIsNotUtf8IsMendedInReplies) {
  auto text = encode_reply(json{{"message", "a\xff"}});
  EXPECT_EQ(text.back(), '\0');
  EXPECT_EQ(json::parse(text.substr(0, text.size() - 1))["parameters"]["message"], "a\xef\xbf\xbd");
}

}  // namespace
}  // namespace labgpu::test
