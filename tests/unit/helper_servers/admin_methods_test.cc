// Administration: every method's effect on accounts, files and containers, and every refusal.
#include "helper/admin_methods.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <regex>

#include "helper/build_info.h"
#include "helper/password.h"
#include "tests/unit/helper_docker/run_task.h"
#include "tests/unit/helper_servers/accounts.h"
#include "tests/unit/helper_servers/fake_containers.h"
#include "tests/unit/helper_servers/fake_images.h"
#include "tests/unit/helper_servers/fake_logins.h"

namespace labgpu::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kKey[] =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g";

constexpr gid_t kAdminGroup = 4712;
const Peer kRoot{0, 1, {0}};
const Peer kAlice{20001, 1, {20001, 20000}};
const Peer kStranger{4711, 1, {4711, 27, 100}};
const Peer kAdministrator{4711, 1, {27, kAdminGroup, 4711}};

class AdminMethodsTest : public testing::Test {
 protected:
  AdminMethodsTest() {
    logins_.add("alice", 2);
    EXPECT_EQ(mkdir((accounts_.directory / "home").c_str(), 0755), 0);
    config_.home = accounts_.directory / "home/{user}";
  }
  VarlinkReply reply_to(const std::string& method, const json& parameters, Peer peer = kRoot) {
    VarlinkCall call{"org.labgpu", method, parameters, false, false, std::move(peer)};
    return testing_support::run_task(loop_, admin_.call(call));
  }
  json call(const std::string& method, const json& parameters) {
    auto reply = reply_to(method, parameters);
    EXPECT_TRUE(reply) << method << ": " << reply.error().name << " " << reply.error().parameters;
    return reply.value_or(json());
  }
  // "Invalid: the message", without the interface's name.
  std::string refusal(const std::string& method, const json& parameters, const Peer& peer = kRoot) {
    auto reply = reply_to(method, parameters, peer);
    if (reply) return "accepted";
    auto name = reply.error().name.substr(reply.error().name.rfind('.') + 1);
    const auto& told = reply.error().parameters;
    return name + ": " + told.value("message", told.value("parameter", ""));
  }

  EventLoop loop_;
  Accounts accounts_{loop_};
  FakeContainers containers_;
  Config config_;
  Maintenance maintenance_ = Maintenance::open(*accounts_.records).value();
  FakeLogins logins_;
  Worker worker_{loop_};
  PasswordChanges passwords_{*accounts_.store, worker_};
  FakeImages images_;
  AdminMethods admin_{loop_,       *accounts_.store, containers_, maintenance_, config_,
                      kAdminGroup, logins_,          passwords_,  images_};
};

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

TEST_F(AdminMethodsTest, AQuestionForTheLogThatMakesNoSenseIsRefused) {
  EXPECT_THAT(refusal("ReadLog", {{"name", "a b"}}), HasSubstr("is no user name"));
  EXPECT_THAT(refusal("ReadLog", {{"since", "soon"}}), HasSubstr("since must be a date"));
  EXPECT_THAT(refusal("ReadLog", {{"after", "x"}}), HasSubstr("no cursor"));
  EXPECT_THAT(refusal("ReadLog", {{"lines", "x"}}), HasSubstr("InvalidParameter"));
}

TEST_F(AdminMethodsTest, AStatusSaysWhetherInitAnswers) {
  call("AddUser", {{"name", "alice"}});
  EXPECT_FALSE(call("Status", {{"name", "alice"}})["containers"][0].contains("answers"));
  containers_.running_now["alice"] = own_process_as_container(accounts_.directory.path());
  auto told = call("Status", {{"name", "alice"}})["containers"][0];
  EXPECT_EQ(told["answers"], false);
  EXPECT_FALSE(told.contains("idleStopUSec"));
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

TEST_F(AdminMethodsTest, ANewUserHasEverythingThatWasAskedFor) {
  auto user = call("AddUser", {{"name", "alice"},
                               {"realName", "Alice"},
                               {"authorizedKeys", {std::string(kKey) + " a@b"}},
                               {"password", "secret"},
                               {"image", "lab:1"}})["user"];
  EXPECT_EQ(user["uid"], 20001);
  EXPECT_EQ(user["gid"], 20001);
  EXPECT_EQ(user["realName"], "Alice");
  EXPECT_EQ(user["home"], accounts_.directory / "home/alice");
  EXPECT_EQ(user["hasPassword"], true);
  EXPECT_EQ(user["keys"][0]["comment"], "a@b");
  EXPECT_EQ(user["keys"][0]["type"], "ssh-ed25519");
  EXPECT_EQ(user["overrides"], (json{{"image", "lab:1"}}));
  EXPECT_EQ(user["settings"]["containerName"], "alice_container");
  EXPECT_FALSE(user.dump().find("$y$") != std::string::npos);
  struct stat status {};
  ASSERT_EQ(stat(std::string(user["home"]).c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 20001U);
  EXPECT_EQ(accounts_.store->find("alice")->hashed_password.substr(0, 3), "$y$");
}

TEST_F(AdminMethodsTest, ABadUserLeavesNothing) {
  const std::vector<std::pair<json, std::string>> bad = {
      {{{"name", "../x"}}, "Invalid: \"../x\" cannot be a user's name"},
      {{{"name", std::string(200, 'a')}}, "Invalid: this cannot be a user's name"},
      {{{"name", "root"}}, "Invalid: the name root is reserved"},
      {{{"name", "a"}, {"authorizedKeys", {"nonsense"}}}, "Invalid: the key has no type"},
      {{{"name", "a"}, {"password", ""}}, "Invalid: a password must not be empty"},
      {{{"name", "a"}, {"image", "bad image"}}, "Invalid: image \"bad image\""},
      {{{"name", "a"}, {"realName", "a:b"}}, "Invalid: realName"},
      {{{"name", 5}}, "InvalidParameter: name"},
      {{{"name", "a"}, {"shell", "x"}}, "InvalidParameter: shell"},
      {json::object(), "InvalidParameter: name"}};
  for (const auto& [parameters, expected] : bad) {
    EXPECT_THAT(refusal("AddUser", parameters), HasSubstr(expected)) << parameters;
  }
  EXPECT_TRUE(accounts_.store->list().empty());
  EXPECT_TRUE(std::filesystem::is_empty(accounts_.directory / "home"));
  call("AddUser", {{"name", "a"}});
  EXPECT_THAT(refusal("AddUser", {{"name", "a"}}), HasSubstr("UserExists"));
}

TEST_F(AdminMethodsTest, AHomeOfSomebodyElseIsNotGivenAway) {
  auto home = accounts_.directory / "home/alice";
  ASSERT_EQ(mkdir(home.c_str(), 0700), 0);
  ASSERT_EQ(chown(home.c_str(), 4711, 4711), 0);
  EXPECT_THAT(refusal("AddUser", {{"name", "alice"}}), HasSubstr("Invalid: " + home));
  EXPECT_EQ(accounts_.store->find("alice"), nullptr);
}

TEST_F(AdminMethodsTest, UsersAreListedInOrder) {
  call("AddUser", {{"name", "zoe"}});
  call("AddUser", {{"name", "alice"}});
  auto users = call("ListUsers", json::object())["users"];
  ASSERT_EQ(users.size(), 2U);
  EXPECT_EQ(users[0]["name"], "alice");
  EXPECT_EQ(call("GetUser", {{"name", "zoe"}})["user"], users[1]);
  EXPECT_THAT(refusal("GetUser", {{"name", "bob"}}),
              HasSubstr("NoSuchUser: labgpu has no user bob"));
  EXPECT_THAT(refusal("GetUser", {{"name", "\x1b[2J"}}), testing::Not(HasSubstr("\x1b")));
}

TEST_F(AdminMethodsTest, SetUserDoesAllOrNothing) {
  call("AddUser", {{"name", "alice"}});
  auto set = [](std::vector<std::string> assignments) {
    return json{{"name", "alice"}, {"assignments", std::move(assignments)}};
  };
  auto user =
      call("SetUser", set({"real_name=A = B", "locked=yes", "gpus=none", "login=root"}))["user"];
  EXPECT_EQ(user["realName"], "A = B");
  EXPECT_EQ(user["locked"], true);
  EXPECT_EQ(user["overrides"], (json{{"gpus", "none"}, {"login", "root"}}));
  for (const char* bad : {"gpus", "gpus=two", "colour=red", "locked=maybe", "real_name=a:b",
                          "container_name={user}/x"}) {
    EXPECT_THAT(refusal("SetUser", set({"locked=no", bad})), HasSubstr("Invalid: ")) << bad;
  }
  EXPECT_THAT(refusal("SetUser", set({"colour=red"})), HasSubstr("locked"));
  EXPECT_EQ(call("GetUser", {{"name", "alice"}})["user"], user);
  EXPECT_EQ(call("SetUser", set({"gpus=", "login="}))["user"]["overrides"], json::object());
}

TEST_F(AdminMethodsTest, ChangedSettingsAreAppliedToTheContainer) {
  call("AddUser", {{"name", "alice"}});
  containers_.changed = {"memory"};
  containers_.needs_rebuild = {"mounts", "shm_size"};
  containers_.ports = {{8888, 20000, false}};
  auto set = [](std::vector<std::string> assignments) {
    return json{{"name", "alice"}, {"assignments", std::move(assignments)}};
  };
  auto reply = call("SetUser", set({"memory=16g", "mounts=/data"}));
  EXPECT_EQ(reply["changed"], json({"memory"}));
  EXPECT_EQ(reply["container"]["needsRebuild"], json({"mounts", "shm_size"}));
  EXPECT_EQ(reply["container"]["pending"], json::array());
  EXPECT_EQ(reply["container"]["ports"], json({"20000:8888"}));
  EXPECT_FALSE(reply.contains("note"));
  EXPECT_EQ(reply["user"]["settings"]["memory"], uint64_t{16} << 30);
  EXPECT_THAT(containers_.asked, ElementsAre("apply alice"));
  EXPECT_FALSE(call("SetUser", set({"locked=yes"})).contains("container"));
  EXPECT_THAT(containers_.asked, ElementsAre("apply alice"));
}

TEST_F(AdminMethodsTest, WhatDockerCannotChangeIsSavedAllTheSame) {
  call("AddUser", {{"name", "alice"}});
  containers_.applying = fail(ErrorCode::kUnavailable, "Docker cannot change the container");
  containers_.pending = {"memory"};
  auto reply = call("SetUser", {{"name", "alice"}, {"assignments", {"memory=16g"}}});
  EXPECT_EQ(reply["note"], "Docker cannot change the container");
  EXPECT_EQ(reply["changed"], json::array());
  EXPECT_EQ(reply["container"]["pending"], json({"memory"}));
  EXPECT_EQ(accounts_.store->find("alice")->settings.memory_bytes, uint64_t{16} << 30);
}

TEST_F(AdminMethodsTest, ProfilesAreGivenAndTold) {
  config_.profiles["phd"].memory_bytes = 1 << 30;
  call("AddUser", {{"name", "alice"}});
  auto set = [](const std::string& assignment) {
    return json{{"name", "alice"}, {"assignments", {assignment}}};
  };
  EXPECT_THAT(refusal("SetUser", set("profile=master")),
              HasSubstr("Invalid: alice has the profile \"master\", which labgpu.json has not; it "
                        "has: phd"));
  auto user = call("SetUser", set("profile=phd"))["user"];
  EXPECT_EQ(user["profile"], "phd");
  EXPECT_EQ(user["settings"]["memory"], 1 << 30);
  json memory = {{"key", "memory"}, {"value", "1g"}, {"origin", "profile"}};
  EXPECT_THAT(user["view"], testing::Contains(memory));
  config_.profiles.clear();
  user = call("GetUser", {{"name", "alice"}})["user"];
  EXPECT_FALSE(user.contains("settings"));
  EXPECT_THAT(std::string(user["problem"]), HasSubstr("it has no profiles"));
  // Whatever the settings are, the rest of the account can be changed.
  EXPECT_EQ(call("SetUser", set("locked=yes"))["user"]["locked"], true);
  EXPECT_FALSE(call("SetUser", set("profile="))["user"].contains("profile"));
}

TEST_F(AdminMethodsTest, BadSettingsChangeNothing) {
  call("AddUser", {{"name", "alice"}});
  call("AddUser", {{"name", "bob"}});
  std::filesystem::create_directory_symlink("/etc", accounts_.directory / "link");
  auto set = [](const std::string& name, const std::string& assignment) {
    return json{{"name", name}, {"assignments", {"gpus=none", assignment}}};
  };
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"memory=12x", "memory \"12x\" must be a size"},
      {"memory=5m", "memory is below 6m"},
      {"cpus=100000", "cpus"},
      {"cpus=9999", "more than this server has"},
      {"mounts=/etc:/x", "mounts cannot have /etc: it is the server's own"},
      {"mounts=/run/docker.sock", "mounts cannot have /run/docker.sock"},
      {"mounts=" + (accounts_.directory / "link") + ":/x", "it leads to /etc"},
      {"cap_add=SYS_ADMIN", "allowCapabilities"},
      {"cap_drop=SETUID", "cap_drop cannot have SETUID"}};
  auto before = call("GetUser", {{"name", "alice"}});
  for (const auto& [assignment, expected] : bad) {
    EXPECT_THAT(refusal("SetUser", set("alice", assignment)),
                AllOf(HasSubstr("Invalid: "), HasSubstr(expected)));
  }
  EXPECT_EQ(call("GetUser", {{"name", "alice"}}), before);
  EXPECT_TRUE(containers_.asked.empty());
  call("SetUser", set("bob", "ports=29999:80"));
  EXPECT_THAT(refusal("SetUser", set("alice", "ports=29999:80")),
              HasSubstr("Invalid: ports cannot have 29999: this port of the server is bob's"));
}

TEST_F(AdminMethodsTest, PortsAreReservedAndKept) {
  call("AddUser", {{"name", "alice"}});
  auto set = [&](const std::string& assignment) {
    return call("SetUser", {{"name", "alice"}, {"assignments", {assignment}}})["user"];
  };
  auto ports = set("ports=8888,ssh")["settings"]["ports"];
  ASSERT_EQ(ports.size(), 2U);
  EXPECT_THAT(std::string(ports[0]), testing::EndsWith(":ssh"));
  set("ports=");
  EXPECT_EQ(set("ports=8888,ssh")["settings"]["ports"], ports);
}

TEST_F(AdminMethodsTest, AnAccountsTimeIsSetShownAndEnded) {
  auto user = call("AddUser", {{"name", "alice"}, {"notAfter", "2001-01-01T00:00Z"}})["user"];
  EXPECT_EQ(user["notAfterUSec"], 978307200000000);
  EXPECT_EQ(user["state"], "expired");
  auto set = [](std::vector<std::string> assignments) {
    return json{{"name", "alice"}, {"assignments", std::move(assignments)}};
  };
  user = call("SetUser", set({"not_after=", "not_before=9999-12-31T00:00Z"}))["user"];
  EXPECT_FALSE(user.contains("notAfterUSec"));
  EXPECT_EQ(user["notBeforeUSec"], 253402214400000000);
  EXPECT_EQ(user["state"], "pending");
  for (const char* bad : {"not_after=31.12.2026", "not_before=soon", "not_after=2026-02-30"}) {
    EXPECT_THAT(refusal("SetUser", set({"locked=yes", bad})),
                AllOf(HasSubstr("Invalid: not_"),
                      HasSubstr("must be a date such as 2026-12-31, 2026-12-31T18:00 or "),
                      HasSubstr(", or empty for none")));
  }
  EXPECT_THAT(refusal("SetUser", set({"not_after=2026-12-31"})),
              HasSubstr("Invalid: not_after (2026-12-31 at 23:59 "));
  EXPECT_EQ(call("GetUser", {{"name", "alice"}})["user"], user);
  user = call("SetUser", set({"not_before=", "max_sessions=3", "locked=yes"}))["user"];
  EXPECT_EQ(user["state"], "locked");
  EXPECT_EQ(user["settings"]["maxSessions"], 3);
  EXPECT_THAT(refusal("AddUser", {{"name", "bob"}, {"notAfter", "never"}}), HasSubstr("Invalid"));
  EXPECT_EQ(accounts_.store->find("bob"), nullptr);
}

TEST_F(AdminMethodsTest, MaintenanceBeginsAndEnds) {
  EXPECT_EQ(call("GetMaintenance", json::object()), (json{{"on", false}, {"message", ""}}));
  call("StartMaintenance", {{"message", "back at 18:00"}});
  EXPECT_EQ(call("GetMaintenance", json::object()),
            (json{{"on", true}, {"message", "back at 18:00"}}));
  EXPECT_THAT(refusal("StartMaintenance", {{"message", "a\nb"}}), HasSubstr("Invalid: the text"));
  EXPECT_EQ(maintenance_.word(), "back at 18:00");
  call("StartMaintenance", json::object());
  EXPECT_EQ(maintenance_.word(), "");
  call("EndMaintenance", json::object());
  EXPECT_EQ(maintenance_.word(), std::nullopt);
}

TEST_F(AdminMethodsTest, PasswordsAreSetAndTakenAway) {
  call("AddUser", {{"name", "alice"}});
  json change = {{"name", "alice"}, {"assignments", json::array()}, {"password", "secret"}};
  EXPECT_EQ(call("SetUser", change)["user"]["hasPassword"], true);
  change["password"] = "a\nb";
  EXPECT_THAT(refusal("SetUser", change), HasSubstr("line break"));
  change["password"] = "";
  EXPECT_EQ(call("SetUser", change)["user"]["hasPassword"], false);
}

TEST_F(AdminMethodsTest, APasswordIsMadeLockedAndMarked) {
  call("AddUser", {{"name", "alice"}});
  auto hash = [this] { return accounts_.store->find("alice")->hashed_password; };
  auto reply = call("SetPassword", {{"name", "alice"}, {"generate", true}});
  EXPECT_TRUE(verify_password(reply["generatedPassword"], hash()));
  EXPECT_EQ(reply["user"]["passwordChangeNow"], true);
  EXPECT_EQ(reply["user"]["passwordLocked"], false);

  reply = call("SetPassword", {{"name", "alice"}, {"password", "geheim"}});
  EXPECT_FALSE(reply.contains("generatedPassword"));
  EXPECT_TRUE(verify_password("geheim", hash()));
  EXPECT_EQ(reply["user"]["passwordChangeNow"], false);
  EXPECT_EQ(
      call("SetPassword", {{"name", "alice"}, {"changeNow", true}})["user"]["passwordChangeNow"],
      true);
  EXPECT_EQ(call("SetPassword", {{"name", "alice"}, {"locked", true}})["user"]["passwordLocked"],
            true);
  EXPECT_FALSE(verify_password("geheim", hash()));
  EXPECT_EQ(
      call("SetPassword", {{"name", "alice"}, {"locked", false}})["user"]["passwordChangeNow"],
      true);
  EXPECT_TRUE(verify_password("geheim", hash()));
  EXPECT_EQ(call("SetPassword", {{"name", "alice"}, {"password", ""}})["user"]["hasPassword"],
            false);

  reply = call("SetPassword", {{"name", "alice"}, {"generate", true}, {"changeNow", false}});
  EXPECT_EQ(reply["user"]["passwordChangeNow"], false);
}

TEST_F(AdminMethodsTest, WhatIsNoChangeOfAPasswordChangesNothing) {
  call("AddUser", {{"name", "alice"}});
  const std::vector<std::pair<json, std::string>> bad = {
      {json::object(), "Invalid: say what to do with the password of alice"},
      {{{"generate", false}}, "Invalid: say what"},
      {{{"generate", true}, {"password", "x"}}, "Invalid: a password can be given or generated"},
      {{{"changeNow", true}}, "Invalid: alice has no password"},
      {{{"locked", true}}, "Invalid: alice has no password"},
      {{{"password", ""}, {"changeNow", true}}, "Invalid: alice has no password"},
      {{{"password", "a\nb"}}, "Invalid: a password must have no line break"},
      {{{"generate", "yes"}}, "InvalidParameter: generate"}};
  for (auto [parameters, expected] : bad) {
    parameters["name"] = "alice";
    EXPECT_THAT(refusal("SetPassword", parameters), HasSubstr(expected)) << parameters;
  }
  EXPECT_FALSE(call("GetUser", {{"name", "alice"}})["user"]["hasPassword"]);
  EXPECT_THAT(refusal("SetPassword", {{"name", "bob"}, {"generate", true}}),
              HasSubstr("NoSuchUser"));
}

TEST_F(AdminMethodsTest, AFirstPasswordIsToldOnceAndKeptAsAHash) {
  auto reply = call("AddUser", {{"name", "alice"}, {"generatePassword", true}});
  std::string password = reply["generatedPassword"];
  EXPECT_EQ(reply["user"]["passwordChangeNow"], true);
  EXPECT_TRUE(verify_password(password, accounts_.store->find("alice")->hashed_password));
  EXPECT_THAT(call("GetUser", {{"name", "alice"}}).dump(), testing::Not(HasSubstr(password)));
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(accounts_.directory / "state")) {
    if (!entry.is_regular_file()) continue;
    EXPECT_THAT(read_file(entry.path()), testing::Not(HasSubstr(password))) << entry.path();
  }
  EXPECT_THAT(refusal("AddUser", {{"name", "b"}, {"generatePassword", true}, {"password", "x"}}),
              HasSubstr("not both"));
  EXPECT_FALSE(call("AddUser", {{"name", "b"}, {"password", "x"}}).contains("generatedPassword"));
}

// PAM brings it; the settings are labgpu's, the rest is the host's.
TEST_F(AdminMethodsTest, AnAccountOfTheHostIsSetUpLikeOthersButForWhatIsTheHosts) {
  accounts_.add_of_host("gwen", 5001);
  EXPECT_EQ(call("AddUser", {{"name", "alice"}})["user"]["origin"], "labgpu");
  json change = {{"name", "gwen"}, {"assignments", {"gpus=none", "locked=yes", "max_sessions=2"}}};
  auto user = call("SetUser", change)["user"];
  EXPECT_EQ(user["origin"], "host");
  EXPECT_EQ(user["state"], "locked");
  EXPECT_EQ(user["settings"]["gpus"], "none");
  EXPECT_EQ(call("AddKey", {{"name", "gwen"}, {"key", kKey}})["key"]["type"], "ssh-ed25519");

  change["assignments"] = {"locked=no", "real_name=Gwen"};
  EXPECT_THAT(refusal("SetUser", change),
              HasSubstr("gwen is an account of this server, whose real"));
  for (const char* password : {"secret", ""}) {
    json other = {{"name", "gwen"}, {"assignments", {"locked=no"}}, {"password", password}};
    EXPECT_THAT(refusal("SetUser", other), HasSubstr("whose password is not labgpu's to change"));
  }
  for (const char* what : {"generate", "changeNow", "locked"}) {
    EXPECT_THAT(refusal("SetPassword", {{"name", "gwen"}, {what, true}}),
                HasSubstr("Invalid: gwen is an account of this server, whose password"))
        << what;
  }
  EXPECT_EQ(call("GetUser", {{"name", "gwen"}})["user"]["state"], "locked");

  auto exported = call("ExportUsers", json::object())["users"];
  ASSERT_EQ(exported.size(), 1U);
  EXPECT_EQ(exported[0]["name"], "alice");
  EXPECT_THAT(refusal("ExportUsers", {{"names", {"gwen"}}}), HasSubstr("not labgpu's to export"));

  auto removed = call("RemoveUser", {{"name", "gwen"}});
  EXPECT_EQ(removed["origin"], "host");
  EXPECT_EQ(removed["home"], "/home/gwen");
  EXPECT_EQ(accounts_.store->find("gwen"), nullptr);
}

TEST_F(AdminMethodsTest, KeysAreAddedReplacedAndRemoved) {
  call("AddUser", {{"name", "alice"}});
  auto first = call("AddKey", {{"name", "alice"}, {"key", std::string(kKey) + " old"}})["key"];
  auto second =
      call("AddKey", {{"name", "alice"}, {"key", std::string("no-pty ") + kKey + " new"}})["key"];
  EXPECT_EQ(first["fingerprint"], second["fingerprint"]);
  auto keys = call("ListKeys", {{"name", "alice"}})["keys"];
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_EQ(keys[0]["comment"], "new");
  EXPECT_THAT(refusal("AddKey", {{"name", "alice"}, {"key", "x"}}), HasSubstr("Invalid: the key"));
  EXPECT_THAT(refusal("RemoveKey", {{"name", "alice"}, {"fingerprint", "SHA256:x"}}),
              HasSubstr("Invalid: alice has no key"));
  call("RemoveKey", {{"name", "alice"}, {"fingerprint", first["fingerprint"]}});
  EXPECT_TRUE(call("ListKeys", {{"name", "alice"}})["keys"].empty());
}

TEST_F(AdminMethodsTest, ARemovedUserKeepsHomeAndContainer) {
  call("AddUser", {{"name", "alice"}});
  auto removed = call("RemoveUser", {{"name", "alice"}});
  EXPECT_EQ(removed["home"], accounts_.directory / "home/alice");
  EXPECT_EQ(removed["containerName"], "alice_container");
  EXPECT_THAT(containers_.asked, ElementsAre("stop alice"));
  EXPECT_EQ(access((accounts_.directory / "home/alice").c_str(), F_OK), 0);
  EXPECT_THAT(refusal("RemoveUser", {{"name", "alice"}}), HasSubstr("NoSuchUser"));
}

TEST_F(AdminMethodsTest, AUserWithoutContainerIsRemovedToo) {
  call("AddUser", {{"name", "alice"}});
  containers_.absent = {"alice"};
  containers_.outcome = fail(ErrorCode::kNotFound, "alice has no container");
  EXPECT_EQ(call("RemoveUser", {{"name", "alice"}})["containerName"], "");
}

TEST_F(AdminMethodsTest, ARemovalThatCannotStopTheContainerSaysSo) {
  call("AddUser", {{"name", "alice"}});
  containers_.outcome = fail(ErrorCode::kUnavailable, "Docker is down");
  EXPECT_THAT(refusal("RemoveUser", {{"name", "alice"}}),
              HasSubstr("Unavailable: alice is removed, but the container could not be stopped"));
  EXPECT_EQ(accounts_.store->find("alice"), nullptr);
}

TEST_F(AdminMethodsTest, StatusTellsOfOneOrAll) {
  call("AddUser", {{"name", "alice"}});
  call("AddUser", {{"name", "bob"}});
  containers_.absent = {"bob"};
  auto all = call("Status", json::object())["containers"];
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0]["state"], "stopped");
  EXPECT_EQ(all[0]["sessions"], 2);
  EXPECT_EQ(all[1]["state"], "absent");
  EXPECT_EQ(all[1]["name"], "");
  EXPECT_EQ(call("Status", {{"name", "alice"}})["containers"], json::array({all[0]}));
  containers_.outcome = fail(ErrorCode::kSystem, "broken");
  EXPECT_EQ(call("Status", json::object())["containers"][0]["state"], "unknown");
  EXPECT_EQ(refusal("Status", {{"name", "alice"}}), "Failed: broken");
  EXPECT_THAT(refusal("Status", {{"name", "carol"}}), HasSubstr("NoSuchUser"));
}

TEST_F(AdminMethodsTest, ContainersAreStartedStoppedAndRestarted) {
  call("AddUser", {{"name", "alice"}});
  containers_.running_now["alice"] = own_process_as_container("/");
  EXPECT_EQ(call("Start", {{"name", "alice"}})["container"]["state"], "running");
  call("Restart", {{"name", "alice"}});
  containers_.running_now.clear();
  EXPECT_EQ(call("Stop", {{"name", "alice"}})["container"]["state"], "stopped");
  EXPECT_THAT(containers_.asked, ElementsAre("start alice", "restart alice", "stop alice"));
  containers_.outcome = fail(ErrorCode::kNotFound, "no such image");
  EXPECT_EQ(refusal("Stop", {{"name", "alice"}}), "Unavailable: no such image");
  EXPECT_EQ(refusal("Restart", {{"name", "alice"}}), "Unavailable: no such image");
  EXPECT_THAT(refusal("Start", {{"name", "bob"}}), HasSubstr("NoSuchUser"));
}

json new_users() {
  return {{{"name", "alice"},
           {"realName", "Alice"},
           {"uid", 20100U},
           {"locked", true},
           {"notAfter", "2035-12-31"},
           {"authorizedKeys", {kKey}},
           {"settings", {{"gpus", "none"}}},
           {"assignments", {"login=root"}}},
          {{"name", "bob"}, {"password", "secret"}}};
}

TEST_F(AdminMethodsTest, ManyAreMadeAtOnce) {
  auto reply = call("ImportUsers", {{"users", new_users()}});
  EXPECT_EQ(reply["imported"], true);
  EXPECT_EQ(reply["users"],
            json({{{"name", "alice"}, {"uid", 20100U}}, {{"name", "bob"}, {"uid", 20001U}}}));
  auto alice = call("GetUser", {{"name", "alice"}})["user"];
  EXPECT_EQ(alice["realName"], "Alice");
  EXPECT_EQ(alice["gid"], 20100);
  EXPECT_EQ(alice["locked"], true);
  EXPECT_EQ(alice["keys"].size(), 1U);
  EXPECT_EQ(alice["settings"]["gpus"], "none");
  EXPECT_EQ(alice["settings"]["login"], "root");
  EXPECT_TRUE(call("GetUser", {{"name", "bob"}})["user"]["hasPassword"]);
  EXPECT_EQ(access((accounts_.directory / "home/bob").c_str(), F_OK), 0);
}

TEST_F(AdminMethodsTest, UsersOfAFileGetPasswordsThatAreToldOnce) {
  const json users = {{{"name", "alice"}},
                      {{"name", "bob"}, {"password", "secret"}},
                      {{"name", "carol"}, {"passwordChangeNow", false}},
                      {{"name", "dave"}, {"hashedPassword", "$y$x"}}};
  auto dry = call("ImportUsers", {{"users", users}, {"generatePasswords", true}, {"dryRun", true}});
  EXPECT_THAT(dry.dump(), testing::Not(HasSubstr("generatedPassword")));
  auto reply = call("ImportUsers", {{"users", users}, {"generatePasswords", true}});
  ASSERT_EQ(reply["imported"], true);
  std::set<std::string> different;
  for (size_t i : {0U, 2U}) {
    auto name = users[i]["name"].get<std::string>();
    auto password = reply["users"][i].at("generatedPassword").get<std::string>();
    different.insert(password);
    EXPECT_TRUE(verify_password(password, accounts_.store->find(name)->hashed_password));
    EXPECT_EQ(accounts_.store->find(name)->password_change_now, name == "alice");
  }
  EXPECT_EQ(different.size(), 2U);
  for (size_t i : {1U, 3U}) EXPECT_FALSE(reply["users"][i].contains("generatedPassword"));
  EXPECT_TRUE(verify_password("secret", accounts_.store->find("bob")->hashed_password));
  EXPECT_FALSE(accounts_.store->find("bob")->password_change_now);
}

TEST_F(AdminMethodsTest, WithoutBeingAskedNobodyGetsAPassword) {
  auto reply = call("ImportUsers", {{"users", {{{"name", "alice"}}}}});
  EXPECT_FALSE(reply["users"][0].contains("generatedPassword"));
  EXPECT_EQ(accounts_.store->find("alice")->hashed_password, "");
}

TEST_F(AdminMethodsTest, ADryRunMakesNothing) {
  auto reply = call("ImportUsers", {{"users", new_users()}, {"dryRun", true}});
  EXPECT_EQ(reply["imported"], false);
  EXPECT_EQ(reply["users"], json({{{"name", "alice"}, {"uid", 20100U}}, {{"name", "bob"}}}));
  EXPECT_TRUE(call("ListUsers", json::object())["users"].empty());
  EXPECT_NE(access((accounts_.directory / "home/bob").c_str(), F_OK), 0);
}

TEST_F(AdminMethodsTest, EveryProblemIsToldAndNothingIsDone) {
  call("AddUser", {{"name", "carol"}});
  const std::vector<std::pair<json, std::string>> bad = {
      {{{"name", "carol"}}, "has a user carol already"},
      {{{"name", "../x"}}, "cannot be a user's name"},
      {{{"name", "dave"}, {"uid", 20001U}}, "is or was carol's"},
      {{{"name", "erin"}, {"uid", 0U}, {"colour", "red"}}, "colour"},
      {{{"name", "frank"}, {"authorizedKeys", {"ssh-rsa x"}}}, "key"},
      {{{"name", "grace"}, {"assignments", {"shm_size=12x"}}}, "12x"},
      {{{"name", "heidi"}, {"uid", "many"}}, "uid"},
      {{{"name", "ivan"}, {"notBefore", "2031-01-01"}, {"notAfter", "2030-01-01"}}, "later than"},
      {{{"name", "judy"}, {"uid", 20200U}}, "more than once"},
      {{{"name", "mallory"}, {"uid", 20200U}}, "more than once"},
      {{{"name", "nina"}, {"password", "x"}, {"hashedPassword", "$y$x"}}, "both given"},
      {{{"name", "oscar"}, {"passwordChangeNow", true}}, "without a password"}};
  json users = json::array({{{"name", "zoe"}}});
  for (const auto& [user, why] : bad) users.push_back(user);
  auto reply = call("ImportUsers", {{"users", users}});
  EXPECT_EQ(reply["imported"], false);
  EXPECT_FALSE(reply["users"][0].contains("problem"));
  for (size_t i = 0; i < bad.size(); ++i) {
    EXPECT_THAT(reply["users"][i + 1].value("problem", ""), HasSubstr(bad[i].second));
  }
  EXPECT_EQ(call("ListUsers", json::object())["users"].size(), 1U);
}

TEST_F(AdminMethodsTest, AFailureTakesTheHomesBack) {
  const std::string taken = accounts_.directory / "home/bob";
  ASSERT_EQ(mkdir(taken.c_str(), 0755), 0);
  ASSERT_EQ(chown(taken.c_str(), 4711, 4711), 0);
  EXPECT_THAT(refusal("ImportUsers", {{"users", new_users()}}), HasSubstr("belongs to uid 4711"));
  EXPECT_NE(access((accounts_.directory / "home/alice").c_str(), F_OK), 0);
  EXPECT_TRUE(call("ListUsers", json::object())["users"].empty());
  EXPECT_THAT(refusal("ImportUsers", {{"users", json::array()}}), "InvalidParameter: users");
}

TEST_F(AdminMethodsTest, LoginsAreToldAndEnded) {
  call("AddUser", {{"name", "alice"}});
  call("AddUser", {{"name", "bob"}});
  logins_.open.clear();
  logins_.open.push_back({7, "alice", "192.0.2.1", 1'700'000'000'000'000, 0});
  logins_.open.push_back({8, "bob", "192.0.2.2", 1'700'000'000'000'001, 0});
  logins_.open.push_back({9, "alice", "192.0.2.1", 1'700'000'000'000'002, 0});
  EXPECT_EQ(call("ListLogins", json::object())["logins"].size(), 3U);
  EXPECT_EQ(call("ListLogins", {{"name", "bob"}})["logins"],
            json({{{"number", 8},
                   {"own", false},
                   {"user", "bob"},
                   {"from", "192.0.2.2"},
                   {"sinceUSec", 1'700'000'000'000'001},
                   {"commands", json::array()}}}));
  EXPECT_EQ(call("EndLogins", {{"name", "alice"}, {"number", 9U}}), json({{"ended", 1}}));
  EXPECT_EQ(call("EndLogins", {{"name", "alice"}}), json({{"ended", 2}}));
  EXPECT_THAT(logins_.ended, ElementsAre(9, 7, 9));
}

TEST_F(AdminMethodsTest, ALoginOfSomebodyElseIsNotEnded) {
  call("AddUser", {{"name", "alice"}});
  call("AddUser", {{"name", "bob"}});
  logins_.open = {{8, "bob", "", 0, 0}};
  EXPECT_THAT(refusal("EndLogins", {{"name", "alice"}, {"number", 8U}}),
              HasSubstr("alice has no login 8: labgpu sessions shows"));
  EXPECT_EQ(call("EndLogins", {{"name", "alice"}}), json({{"ended", 0}}));
  EXPECT_THAT(logins_.ended, ElementsAre());
  logins_.outcome = fail(ErrorCode::kSystem, "no");
  EXPECT_THAT(refusal("EndLogins", {{"name", "bob"}}), "Failed: no");
}

TEST_F(AdminMethodsTest, AnImportTellsHowFarItIs) {
  json users = json::array();
  for (int i = 0; i < 20; ++i) users.push_back({{"name", "u" + std::to_string(i)}});
  users[7]["password"] = "secret";
  VarlinkCall importing{"org.labgpu", "ImportUsers", {{"users", users}}, false, false, {0, 1}};
  std::vector<std::string> told;
  importing.tell = [&told](const json& reply) {
    const auto& progress = reply["progress"];
    told.push_back(progress["step"].get<std::string>() + " " + progress["done"].dump() + "/" +
                   progress["total"].dump());
  };
  auto reply = testing_support::run_task(loop_, admin_.call(importing));
  ASSERT_TRUE(reply);
  EXPECT_EQ((*reply)["imported"], true);
  EXPECT_THAT(told, ElementsAre("checking 16/20", "checking 20/20", "hashing 1/1", "making 16/20",
                                "making 20/20"));
}

TEST_F(AdminMethodsTest, OfSeveralKeysTheBadOneIsNamed) {
  json keys = {kKey, std::string("no-pty,nonsense ") + kKey};
  auto added = reply_to("AddUser", {{"name", "alice"}, {"authorizedKeys", keys}});
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().parameters["key"], 1);
  EXPECT_THAT(added.error().parameters["message"], HasSubstr("the option \"nonsense\""));
  auto imported = call("ImportUsers", {{"users", {{{"name", "alice"}, {"authorizedKeys", keys}}}}});
  EXPECT_THAT(imported["users"][0]["problem"],
              HasSubstr("line 2 of authorizedKeys: the key has the option"));
  call("AddUser", {{"name", "alice"}});
  EXPECT_EQ(reply_to("AddKey", {{"name", "alice"}, {"key", keys[1]}}).error().parameters["key"], 0);
}

TEST_F(AdminMethodsTest, AnExportIsAnImportElsewhere) {
  call("ImportUsers", {{"users", new_users()}});
  call("SetPassword", {{"name", "bob"}, {"changeNow", true}});
  auto plain = call("ExportUsers", json::object())["users"];
  ASSERT_EQ(plain.size(), 2U);
  EXPECT_EQ(plain[0]["uid"], 20100);
  EXPECT_EQ(plain[0]["authorizedKeys"], json({kKey}));
  EXPECT_FALSE(plain[1].contains("hashedPassword") || plain[1].contains("passwordChangeNow"));
  auto secret = call("ExportUsers", {{"names", {"bob"}}, {"secrets", true}})["users"];
  ASSERT_EQ(secret.size(), 1U);
  EXPECT_EQ(secret[0]["hashedPassword"].get<std::string>().substr(0, 3), "$y$");
  EXPECT_EQ(secret[0]["passwordChangeNow"], true);
  EXPECT_THAT(refusal("ExportUsers", {{"names", {"nobody1"}}}), HasSubstr("NoSuchUser"));

  Accounts elsewhere(loop_);
  auto maintenance = Maintenance::open(*elsewhere.records).value();
  Config config = config_;
  config.home = elsewhere.directory / "home/{user}";
  ASSERT_EQ(mkdir((elsewhere.directory / "home").c_str(), 0755), 0);
  AdminMethods admin(loop_, *elsewhere.store, containers_, maintenance, config, kAdminGroup,
                     logins_, passwords_, images_);
  auto all = call("ExportUsers", {{"secrets", true}})["users"];
  VarlinkCall import{"org.labgpu", "ImportUsers", {{"users", all}}, false, false, kRoot};
  auto imported = testing_support::run_task(loop_, admin.call(import));
  ASSERT_TRUE(imported);
  EXPECT_EQ((*imported)["imported"], true);
  VarlinkCall again{"org.labgpu", "ExportUsers", {{"secrets", true}}, false, false, kRoot};
  EXPECT_EQ((*testing_support::run_task(loop_, admin.call(again)))["users"], all);
}

TEST_F(AdminMethodsTest, AnExportBringsRemovedAccountsBack) {
  call("ImportUsers", {{"users", new_users()}});
  auto all = call("ExportUsers", {{"secrets", true}})["users"];
  for (const auto* name : {"alice", "bob"}) call("RemoveUser", {{"name", name}});
  EXPECT_EQ(call("ImportUsers", {{"users", all}})["imported"], true);
  EXPECT_EQ(call("ExportUsers", {{"secrets", true}})["users"], all);
}

}  // namespace
}  // namespace labgpu::test
