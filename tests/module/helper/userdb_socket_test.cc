// systemd's user database as the built labgpud serves it, to root and to others.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/module/helper/labgpud_process.h"
#include "tests/support/peer_process.h"

namespace labgpu::test {
namespace {

using nlohmann::json;

constexpr char kKey[] =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g";

class UserdbSocketTest : public testing::Test {
 protected:
  UserdbSocketTest() {
    varlink_call(files_.admin_socket, "org.labgpu.AddUser",
                 {{"name", "alice"}, {"password", "secret"}, {"authorizedKeys", {kKey}}});
  }
  static json question(const std::string& method, const json& parameters) {
    json asked = parameters;
    asked["service"] = "org.labgpu";
    return {{"method", "io.systemd.UserDatabase." + method}, {"parameters", asked}};
  }
  json ask(const std::string& method, const json& parameters) {
    auto whole = question(method, parameters);
    return varlink_call(files_.userdb_socket, whole["method"], whole["parameters"]);
  }

  ServerFiles files_;
  RunningLabgpud labgpud_{files_};
};

TEST_F(UserdbSocketTest, RootSeesKeysAndNobodySeesAPassword) {
  auto reply = ask("GetUserRecord", {{"userName", "alice"}})["parameters"];
  EXPECT_EQ(reply["record"]["uid"], 20001);
  EXPECT_EQ(reply["record"]["homeDirectory"], files_.directory / "home/alice");
  EXPECT_EQ(reply["record"]["privileged"], (json{{"sshAuthorizedKeys", {kKey}}}));
  EXPECT_EQ(reply["incomplete"], true);
}

TEST_F(UserdbSocketTest, OthersSeeWhatIsForEverybodyAlsoWithMore) {
  PeerProcess stranger({.uid = 4711, .own_network = false, .type = SOCK_STREAM},
                       files_.userdb_socket);
  const int socket = stranger.connection.get();
  fcntl(socket, F_SETFL, 0);
  auto call = question("GetUserRecord", {{"uid", 20001}});
  call["more"] = true;
  auto text = call.dump() + '\0';
  ASSERT_EQ(send(socket, text.data(), text.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(text.size()));
  auto reply = receive_reply(socket);
  EXPECT_EQ(reply["parameters"]["record"]["userName"], "alice");
  EXPECT_FALSE(reply["parameters"]["record"].contains("privileged"));
  EXPECT_FALSE(reply.contains("continues"));
}

TEST_F(UserdbSocketTest, ItSaysWhatItIsAndServesNothingElse) {
  auto info = varlink_call(files_.userdb_socket, "org.varlink.service.GetInfo", json::object());
  EXPECT_EQ(info["parameters"]["interfaces"],
            (json{"org.varlink.service", "io.systemd.UserDatabase"}));
  auto administration = varlink_call(files_.userdb_socket, "org.labgpu.ListUsers", json::object());
  EXPECT_EQ(administration["error"], "org.varlink.service.InterfaceNotFound");
  EXPECT_EQ(ask("GetUserRecord", {{"userName", "root"}})["error"],
            "io.systemd.UserDatabase.NoRecordFound");
}

TEST_F(UserdbSocketTest, ManyLookUpsOfOneUserAtATimeAreServed) {
  std::vector<std::unique_ptr<PeerProcess>> build;
  for (int i = 0; i < 40; ++i) {
    build.push_back(std::make_unique<PeerProcess>(
        PeerProcess::Who{.uid = 4711, .own_network = false, .type = SOCK_STREAM},
        files_.userdb_socket));
  }
  auto text = question("GetGroupRecord", {{"groupName", "alice"}}).dump() + '\0';
  for (const auto& peer : build) {
    fcntl(peer->connection.get(), F_SETFL, 0);
    send(peer->connection.get(), text.data(), text.size(), MSG_NOSIGNAL);
    EXPECT_EQ(receive_reply(peer->connection.get())["parameters"]["record"]["gid"], 20001);
  }
}

TEST(Userdb, WithoutBeingAskedForItIsNotServed) {
  ServerFiles files;
  auto arguments = files.arguments();
  arguments.resize(arguments.size() - 2);
  LabgpudProcess labgpud(arguments, files.log);
  while (read_file(files.log).find(" is ready") == std::string::npos) {
    ASSERT_TRUE(labgpud.runs());
    usleep(10000);
  }
  EXPECT_FALSE(std::filesystem::exists(files.userdb_socket));
}

}  // namespace
}  // namespace labgpu::test
