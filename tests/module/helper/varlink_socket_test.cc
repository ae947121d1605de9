// Administration of the built labgpud over its Varlink socket, with good and with hostile callers.
#include <gmock/gmock.h>
#include <sys/socket.h>

#include "tests/module/helper/labgpud_process.h"
#include "tests/support/peer_process.h"

namespace labgpu::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class VarlinkSocketTest : public testing::Test {
 protected:
  json call(const std::string& method, const json& parameters) {
    return varlink_call(files_.admin_socket, "org.labgpu." + method, parameters);
  }
  // The same, by a process of another user.
  json call_as(const PeerProcess::Who& who, const std::string& method, const json& parameters) {
    PeerProcess peer(who, files_.admin_socket);
    fcntl(peer.connection.get(), F_SETFL, 0);
    send_all(peer.connection.get(),
             json({{"method", "org.labgpu." + method}, {"parameters", parameters}}).dump() + '\0');
    return receive_reply(peer.connection.get());
  }
  // The server still answers.
  void expect_service() {
    EXPECT_TRUE(call("ListUsers", json::object()).contains("parameters"));
    EXPECT_TRUE(labgpud_.runs());
  }
  static void send_all(int socket, const std::string& bytes) {
    for (size_t sent = 0; sent < bytes.size();) {
      auto size = send(socket, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (size <= 0) return;
      sent += static_cast<size_t>(size);
    }
  }

  ServerFiles files_;
  RunningLabgpud labgpud_{files_};
};

TEST_F(VarlinkSocketTest, AnAccountsWholeLife) {
  auto added = call("AddUser", {{"name", "alice"}, {"realName", "Alice"}});
  EXPECT_EQ(added["parameters"]["user"]["uid"], 20001);
  auto set = call("SetUser", {{"name", "alice"}, {"assignments", {"gpus=none", "locked=yes"}}});
  EXPECT_EQ(set["parameters"]["user"]["settings"]["gpus"], "none");
  EXPECT_TRUE(std::filesystem::exists(files_.directory / "home/alice"));
  EXPECT_TRUE(std::filesystem::exists(files_.state + "/keys/alice"));
  auto twice = call("AddUser", {{"name", "alice"}});
  EXPECT_EQ(twice["error"], "org.labgpu.UserExists");
  EXPECT_EQ(call("AddUser", {{"name", "daemon"}})["error"], "org.labgpu.UserExists");
}

TEST_F(VarlinkSocketTest, WithoutDockerItSaysSo) {
  call("AddUser", {{"name", "alice"}});
  auto started = call("Start", {{"name", "alice"}});
  EXPECT_EQ(started["error"], "org.labgpu.Unavailable");
  EXPECT_THAT(started["parameters"]["message"].get<std::string>(), HasSubstr("Docker"));
  auto containers = call("Status", json::object())["parameters"]["containers"];
  ASSERT_EQ(containers.size(), 1U);
  EXPECT_EQ(containers[0]["state"], "unknown");
}

TEST_F(VarlinkSocketTest, OthersThanRootMayOnlyAskWhatItIs) {
  PeerProcess stranger({.uid = 4711, .own_network = false, .type = SOCK_STREAM},
                       files_.admin_socket);
  const int socket = stranger.connection.get();
  const std::vector<std::pair<std::string, json>> methods = {{"AddUser", {{"name", "mallory"}}},
                                                             {"ListUsers", json::object()},
                                                             {"Start", {{"name", "alice"}}}};
  for (const auto& [method, parameters] : methods) {
    send_all(socket,
             json({{"method", "org.labgpu." + method}, {"parameters", parameters}}).dump() + '\0');
  }
  send_all(socket, std::string(R"({"method":"org.varlink.service.GetInfo"})") + '\0');
  send_all(socket, "x");  // ends the connection, after the replies
  send_all(socket, std::string(1, '\0'));
  fcntl(socket, F_SETFL, 0);
  for (size_t i = 0; i < methods.size(); ++i) {
    EXPECT_EQ(receive_reply(socket)["error"], "org.labgpu.NotAllowed");
  }
  EXPECT_EQ(receive_reply(socket)["parameters"]["product"], "labgpud");
  EXPECT_EQ(receive_reply(socket), nullptr);
  EXPECT_EQ(call("ListUsers", json::object())["parameters"]["users"], json::array());
}

TEST_F(VarlinkSocketTest, MembersOfTheAdministratorsGroupMayWhatRootMay) {
  PeerProcess::Who member{
      .uid = 4711, .own_network = false, .type = SOCK_STREAM, .groups = {27, kAdminGroup}};
  EXPECT_EQ(call_as(member, "AddUser", {{"name", "alice"}})["parameters"]["user"]["uid"], 20001);
  EXPECT_THAT(read_file(files_.log), HasSubstr("AddUser alice by uid 4711"));
  member.groups = {27};
  EXPECT_EQ(call_as(member, "AddUser", {{"name", "bob"}})["error"], "org.labgpu.NotAllowed");
  member.groups = {kAdminGroup};
  auto users = json::array();
  for (int i = 0; i < 1500; ++i) {
    users.push_back({{"name", "u" + std::to_string(i)}, {"realName", std::string(1000, 'x')}});
  }
  const json of_many = {{"users", users}, {"dryRun", true}};
  EXPECT_EQ(call_as(member, "ImportUsers", of_many)["parameters"]["imported"], false);
}

TEST_F(VarlinkSocketTest, AUserMayAskForTheirOwnAccountAlone) {
  call("AddUser", {{"name", "alice"}});
  call("AddUser", {{"name", "bob"}});
  const PeerProcess::Who alice{
      .uid = 20001, .own_network = false, .type = SOCK_STREAM, .groups = {20000}};
  auto own = call_as(alice, "Status", json::object());
  ASSERT_EQ(own["parameters"]["containers"].size(), 1U);
  EXPECT_EQ(own["parameters"]["containers"][0]["user"], "alice");
  EXPECT_EQ(call_as(alice, "Start", {{"name", "alice"}})["error"], "org.labgpu.Unavailable");
  EXPECT_EQ(call_as(alice, "GetUser", {{"name", "bob"}})["error"], "org.labgpu.NotAllowed");
  EXPECT_EQ(call_as(alice, "SetUser", {{"name", "alice"}})["error"], "org.labgpu.NotAllowed");
}

TEST_F(VarlinkSocketTest, MalformedMessagesEndOnlyTheirConnection) {
  const std::vector<std::string> bad = {std::string(1, '\0'),
                                        std::string("{}\0", 3),
                                        std::string("[[[\0", 4),
                                        std::string("{\"method\":1}\0", 13),
                                        std::string(1 << 19, '[') + '\0',
                                        std::string(5 << 20, 'x'),
                                        "{\"method\":\"" + std::string(5 << 20, '.') + "\"}" + '\0',
                                        std::string("\xff\xfe\0", 3)};
  for (const auto& message : bad) {
    auto socket = connect_stream(files_.admin_socket);
    send_all(socket.get(), message);
    EXPECT_EQ(receive_reply(socket.get()), nullptr) << message.substr(0, 20);
    expect_service();
  }
}

TEST_F(VarlinkSocketTest, ManyIdleAndHalfCallersLeaveRoomForRoot) {
  std::vector<std::unique_ptr<PeerProcess>> crowd;
  for (uid_t i = 0; i < 40; ++i) {
    crowd.push_back(std::make_unique<PeerProcess>(
        PeerProcess::Who{.uid = 4711 + i % 2, .own_network = false, .type = SOCK_STREAM},
        files_.admin_socket));
    send_all(crowd.back()->connection.get(), "{\"method\":");
  }
  expect_service();
}

TEST_F(VarlinkSocketTest, AFloodOfCallsIsAnsweredInOrder) {
  constexpr int kCalls = 2000;
  auto socket = connect_stream(files_.admin_socket);
  std::string calls;
  for (int i = 0; i < kCalls; ++i) {
    calls += json({{"method", "org.labgpu.GetUser"},
                   {"parameters", {{"name", "user" + std::to_string(i)}}}})
                 .dump() +
             '\0';
  }
  send_all(socket.get(), calls);
  for (int i = 0; i < kCalls; ++i) {
    auto reply = receive_reply(socket.get());
    ASSERT_EQ(reply["error"], "org.labgpu.NoSuchUser");
    ASSERT_EQ(reply["parameters"]["message"], "labgpu has no user user" + std::to_string(i));
  }
}

}  // namespace
}  // namespace labgpu::test
