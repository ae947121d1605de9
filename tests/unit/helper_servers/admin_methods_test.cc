// Accounts and their keys: made, changed and removed, with every refusal; maintenance.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "tests/unit/helper_servers/admin_fixture.h"

namespace labgpu::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

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

}  // namespace
}  // namespace labgpu::test
