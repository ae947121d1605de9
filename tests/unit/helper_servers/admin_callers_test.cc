// Who may call which method of org.labgpu, and what the others are told.
#include <gmock/gmock.h>

#include <regex>

#include "tests/unit/helper_servers/admin_fixture.h"

namespace labgpu::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::set<std::string> methods_of(const std::string& interface) {
  std::set<std::string> names;
  std::regex pattern("\nmethod ([A-Za-z]+)\\(");
  for (std::sregex_iterator match(interface.begin(), interface.end(), pattern), end; match != end;
       ++match) {
    names.insert((*match)[1]);
  }
  return names;
}

// Every method with every kind of caller. Who may call gets as far as the parameter that is wrong.
TEST_F(AdminMethodsTest, TheTableSaysWhoMayCallWhat) {
  const std::set<std::string> of_owners = {"Build",    "EndLogins",      "Export",        "GetUser",
                                           "ListKeys", "ListLogins",     "ListSnapshots", "ReadLog",
                                           "Rebuild",  "RemoveSnapshot", "Restart",       "Restore",
                                           "Snapshot", "Start",          "Status",        "Stop"};
  struct Asking {
    const char* who;
    Peer peer;
    json parameters;
    bool may_what_root_may;
    bool may_what_owners_may;
    bool is_an_owner = false;
  };
  // Over a connection that a login was handed, whatever groups the process of theirs has.
  const Peer alices_login{20001, 1, {0, kAdminGroup}, true};
  const Peer roots_login{0, 1, {0}, true};
  const std::vector<Asking> askings = {
      {"root", kRoot, {{"name", "bob"}}, true, true},
      {"an administrator", kAdministrator, {{"name", "bob"}}, true, true},
      {"the owner", kAlice, {{"name", "alice"}}, false, true, true},
      {"the owner, who names nobody", kAlice, json::object(), false, true, true},
      {"a login of the owner's", alices_login, {{"name", "alice"}}, false, true, true},
      {"a login of the owner's, which names nobody", alices_login, json::object(), false, true,
       true},
      {"a login of the owner's for another account", alices_login, {{"name", "bob"}}, false, false},
      {"a login of root's", roots_login, {{"name", "alice"}}, false, false},
      {"the owner of another account", kAlice, {{"name", "bob"}}, false, false},
      {"the owner, who names what is no name", kAlice, {{"name", {"alice"}}}, false, false},
      {"a stranger", kStranger, {{"name", "alice"}}, false, false},
      {"a stranger, who names nobody", kStranger, json::object(), false, false}};
  call("AddUser", {{"name", "alice"}});
  call("AddUser", {{"name", "bob"}});
  auto methods = methods_of(admin_.description());
  EXPECT_EQ(methods.size(), 34U);
  for (const auto& method : methods) {
    for (const auto& asking : askings) {
      bool may = of_owners.contains(method) ? asking.may_what_owners_may : asking.may_what_root_may;
      if (method == "ChangeOwnPassword") may = asking.is_an_owner;
      // Of whoever has an account, and about none.
      if (method == "ListGpus") may = may || asking.peer.uid == kAlice.uid;
      auto parameters = asking.parameters;
      parameters["wrong"] = 1;
      EXPECT_THAT(refusal(method, parameters, asking.peer),
                  may ? HasSubstr("InvalidParameter: ") : HasSubstr("NotAllowed: "))
          << method << " by " << asking.who;
    }
  }
  EXPECT_THAT(refusal("AddUsers", {}), HasSubstr("MethodNotFound"));
}

TEST_F(AdminMethodsTest, ARefusalSaysWhoMayAndWhatToDo) {
  call("AddUser", {{"name", "alice"}});
  EXPECT_EQ(refusal("ListUsers", {}, kStranger),
            "NotAllowed: only root and members of the group labgpu-admin may do that; try it with "
            "sudo");
  EXPECT_EQ(refusal("SetUser", {{"name", "alice"}}, kAlice), refusal("ListUsers", {}, kStranger));
  EXPECT_EQ(refusal("Stop", {{"name", "bob"}}, kAlice),
            "NotAllowed: you may do that for your own account, alice, and for no other one");
}

TEST_F(AdminMethodsTest, WithoutTheGroupOnlyRootAdministers) {
  AdminMethods rootless(loop_, *accounts_.store, containers_, maintenance_, config_, std::nullopt,
                        logins_, passwords_, images_);
  VarlinkCall call{"org.labgpu", "ListUsers", json::object(), false, false, kAdministrator};
  auto reply = testing_support::run_task(loop_, rootless.call(call));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().name, "org.labgpu.NotAllowed");
}

TEST_F(AdminMethodsTest, OwnersLookAfterTheirContainer) {
  call("AddUser", {{"name", "alice"}});
  call("AddUser", {{"name", "bob"}});
  containers_.running_now["alice"] = own_process_as_container("/");
  auto own = reply_to("Status", json::object(), kAlice);
  ASSERT_TRUE(own);
  EXPECT_EQ(*own, call("Status", {{"name", "alice"}}));
  EXPECT_EQ((*reply_to("GetUser", {{"name", nullptr}}, kAlice))["user"]["name"], "alice");
  EXPECT_TRUE(reply_to("Start", {{"name", "alice"}}, kAlice));
  EXPECT_TRUE(reply_to("Restart", json::object(), kAlice));
  EXPECT_TRUE(reply_to("Stop", {{"name", "alice"}}, kAlice));
  EXPECT_THAT(containers_.asked, ElementsAre("start alice", "restart alice", "stop alice"));
}

TEST_F(AdminMethodsTest, AnAccountOfTheHostHasAnOwnerToo) {
  const Peer gwen{5001, 1, {100}};
  EXPECT_THAT(refusal("Status", json::object(), gwen), HasSubstr("NotAllowed: only root"));
  accounts_.add_of_host("gwen", 5001);
  call("AddUser", {{"name", "alice"}});
  containers_.running_now["gwen"] = own_process_as_container("/");
  EXPECT_EQ((*reply_to("GetUser", json::object(), gwen))["user"]["origin"], "host");
  EXPECT_TRUE(reply_to("Status", json::object(), gwen));
  EXPECT_TRUE(reply_to("ListKeys", json::object(), gwen));
  for (const char* method : {"Start", "Restart", "Stop"}) {
    EXPECT_TRUE(reply_to(method, {{"name", "gwen"}}, gwen)) << method;
  }
  EXPECT_THAT(containers_.asked, ElementsAre("start gwen", "restart gwen", "stop gwen"));
  EXPECT_THAT(refusal("GetUser", {{"name", "alice"}}, gwen), HasSubstr("your own account, gwen"));
  EXPECT_THAT(refusal("SetUser", {{"name", "gwen"}}, gwen), HasSubstr("NotAllowed: only root"));
  // What the host does for its accounts.
  const std::vector<std::pair<const char*, const char*>> instead = {
      {"SetPassword", "change its password with passwd"},
      {"AddKey", "~/.ssh/authorized_keys"},
      {"RemoveKey", "~/.ssh/authorized_keys"},
      {"RemoveUser", "take it out of the groups"}};
  for (const auto& [method, what] : instead) {
    EXPECT_THAT(
        refusal(method, {{"name", "gwen"}}, gwen),
        AllOf(HasSubstr("NotAllowed: gwen is an account of this server: "), HasSubstr(what)));
    EXPECT_THAT(refusal(method, {{"name", "alice"}}, gwen), HasSubstr("NotAllowed: only root"));
    EXPECT_THAT(refusal(method, json::object(), gwen), HasSubstr("NotAllowed: only root"));
  }
}

TEST_F(AdminMethodsTest, WhoMayNotLogInStartsNothing) {
  call("AddUser", {{"name", "alice"}});
  call("SetUser", {{"name", "alice"}, {"assignments", {"locked=yes"}}});
  EXPECT_THAT(refusal("Start", json::object(), kAlice), HasSubstr("NotAllowed: your account is"));
  EXPECT_TRUE(reply_to("Status", json::object(), kAlice));
  call("SetUser", {{"name", "alice"}, {"assignments", {"locked=no"}}});
  call("StartMaintenance", {{"message", "back at 18:00"}});
  EXPECT_THAT(refusal("Restart", json::object(), kAlice), HasSubstr("back at 18:00"));
  EXPECT_TRUE(containers_.asked.empty());
}

}  // namespace
}  // namespace labgpu::test
