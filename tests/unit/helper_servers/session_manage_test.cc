// Manage: who gets a connection to the administration, and what it is good for.
#include <gmock/gmock.h>

#include "helper/admin_methods.h"
#include "helper/varlink_server.h"
#include "tests/unit/helper_servers/fake_images.h"
#include "tests/unit/helper_servers/session_fixture.h"

namespace labgpu::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr gid_t kAdminGroup = 4712;

class ManageTest : public SessionFixture {
 protected:
  ManageTest() {
    accounts_.add("alice");
    accounts_.add("bob");
    auto listening = listen_at(accounts_.directory / "varlink", SOCK_STREAM);
    if (!listening) throw std::runtime_error(listening.error().message);
    varlink_ = std::make_unique<VarlinkServer>(
        loop_, std::move(*listening), admin_,
        VarlinkLimits{.connections = {.total = 8, .unprivileged = 4, .per_user = 2},
                      .idle = std::chrono::milliseconds(50),
                      .idle_of_person = std::chrono::milliseconds(400)});
    server_->serve_owners_with([this](UniqueFd connection, Peer owner) {
      return varlink_->serve(std::move(connection), std::move(owner));
    });
  }

  Client ask(PeerProcess::Who who) {
    who.type = SOCK_SEQPACKET;
    peers_.push_back(std::make_unique<PeerProcess>(who, path_));
    Client session(loop_, std::move(peers_.back()->connection));
    session.greet();
    session.send(Manage{});
    return session;
  }
  static PeerProcess::Who alice_of_groups(std::vector<gid_t> groups = {}) {
    return {.uid = 20001, .own_network = true, .groups = std::move(groups)};
  }
  UniqueFd managed(const PeerProcess::Who& who) {
    auto session = ask(who);
    session.expect<Managed>();
    UniqueFd connection = std::move(session.packet().fds[0]);
    session.expect_end();
    return connection;
  }
  // The reply, a null at the connection's end.
  json call(const UniqueFd& connection, const std::string& method, const json& parameters) {
    auto text = json{{"method", "org.labgpu." + method}, {"parameters", parameters}}.dump();
    EXPECT_EQ(send(connection.get(), text.c_str(), text.size() + 1, MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size() + 1));
    run_until(loop_, [&] { return is_readable(connection.get()); });
    std::string reply(65536, '\0');
    auto size = recv(connection.get(), reply.data(), reply.size(), MSG_DONTWAIT);
    if (size <= 0) return nullptr;
    return json::parse(reply.substr(0, static_cast<size_t>(size) - 1));
  }

  Config admin_config_;
  FakeImages images_;
  AdminMethods admin_{loop_,       *accounts_.store, containers_, maintenance_, admin_config_,
                      kAdminGroup, *server_,         passwords_,  images_};
  std::unique_ptr<VarlinkServer> varlink_;
  std::vector<std::unique_ptr<PeerProcess>> peers_;
};

TEST_F(ManageTest, TheOwnerLooksAfterTheirContainerWhateverStateItIsIn) {
  auto connection = managed(alice_of_groups());
  auto status = call(connection, "Status", json::object());
  EXPECT_EQ(status["parameters"]["containers"][0]["user"], "alice");
  EXPECT_EQ(call(connection, "GetUser", json::object())["parameters"]["user"]["name"], "alice");
  EXPECT_TRUE(call(connection, "Stop", json::object()).contains("parameters"));
  EXPECT_THAT(containers_.asked, testing::ElementsAre("stop alice"))
      << "it does not ask for a container";
}

TEST_F(ManageTest, NobodyIsAnAdministratorThere) {
  for (auto groups : {std::vector<gid_t>{}, std::vector<gid_t>{kAdminGroup}}) {
    auto connection = managed(alice_of_groups(groups));
    for (const char* method : {"AddUser", "ListUsers", "SetUser", "SetPassword", "RemoveUser",
                               "PurgeUser", "ImportUsers", "ExportUsers", "AddKey", "RemoveKey",
                               "GetMaintenance", "StartMaintenance", "EndMaintenance"}) {
      auto reply = call(connection, method, {{"name", "alice"}});
      EXPECT_EQ(reply["error"], "org.labgpu.NotAllowed") << method;
    }
    auto other = call(connection, "Stop", {{"name", "bob"}});
    EXPECT_THAT(other["parameters"]["message"].get<std::string>(),
                HasSubstr("your own account, alice"));
  }
  EXPECT_TRUE(containers_.asked.empty());
}

TEST_F(ManageTest, OnlyAManagedAccountFromWithinALogin) {
  ask({.uid = 20001, .own_network = false}).expect_failure(FailureCode::kNotAllowed);
  ask({.uid = 20001, .own_network = true, .own_users = true})
      .expect_failure(FailureCode::kNotAllowed);
  ask({.uid = 0, .own_network = true}).expect_failure(FailureCode::kNoAccount);
}

TEST_F(ManageTest, NotWhoMayNotLogIn) {
  accounts_.change("alice", [](Account& a) { a.locked = true; });
  auto session = ask(alice_of_groups());
  auto refused = session.expect<Failure>();
  EXPECT_EQ(refused.code, static_cast<uint16_t>(FailureCode::kNotAllowed));
  EXPECT_THAT(std::string(refused.sentence), HasSubstr("locked"));
}

TEST_F(ManageTest, WhoIsLockedMeanwhileChangesNothing) {
  auto connection = managed(alice_of_groups());
  accounts_.change("alice", [](Account& a) { a.locked = true; });
  EXPECT_EQ(call(connection, "Start", json::object())["error"], "org.labgpu.NotAllowed");
  EXPECT_TRUE(containers_.asked.empty());
}

TEST_F(ManageTest, ConnectionsAreCountedUntilTheyEnd) {
  auto first = managed(alice_of_groups());
  {
    auto second = managed(alice_of_groups());
    ask(alice_of_groups()).expect_failure(FailureCode::kUnavailable);
    auto bob = managed({.uid = 20002, .own_network = true});
    EXPECT_TRUE(bob.valid());
  }
  peers_.clear();  // those that were forked meanwhile have the second one, too
  turn_loop();
  EXPECT_TRUE(managed(alice_of_groups()).valid());
}

TEST_F(ManageTest, APersonMayTakeTimeToAnswer) {
  auto connection = managed(alice_of_groups());
  EXPECT_TRUE(call(connection, "Status", json::object()).contains("parameters"));
  turn_loop(150);
  EXPECT_TRUE(call(connection, "Status", json::object()).contains("parameters"));
  turn_loop(600);
  char byte = 0;
  EXPECT_EQ(recv(connection.get(), &byte, 1, MSG_DONTWAIT), 0) << "but not for ever";
}

TEST_F(ManageTest, UntilSomethingServesThemOwnersAreTurnedAway) {
  server_->serve_owners_with([](const UniqueFd&, const Peer&) { return false; });
  ask(alice_of_groups()).expect_failure(FailureCode::kUnavailable);
}

}  // namespace
}  // namespace labgpu::test
