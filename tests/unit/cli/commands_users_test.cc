// labgpu user add, list, show and set, and the keys of users.
#include <gmock/gmock.h>

#include "tests/unit/cli/command_replies.h"
#include "tests/unit/cli/exchange.h"
#include "tests/unit/cli/temporary_directory.h"

namespace labgpu {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

TEST(UserAdd, SendsKeysImageNameAndPassword) {
  TemporaryDirectory directory;
  put(directory / "a.pub", "# two\nssh-rsa A\nssh-rsa B\n");
  put(directory / "b.pub", "ssh-rsa C\n");
  Exchange e({"user", "add", "--key", directory / "a.pub", "--key", directory / "b.pub", "alice",
              "--image", "cuda:12", "--real-name", "爱丽丝", "--password-stdin"},
             {reply({{"user", alice()}})}, "geheim \nrest\n");
  EXPECT_EQ(e.ran.status, 0) << e.ran.err;
  EXPECT_EQ(e.method(), "org.labgpu.AddUser");
  EXPECT_EQ(e.parameters(), json({{"name", "alice"},
                                  {"authorizedKeys", {"ssh-rsa A", "ssh-rsa B", "ssh-rsa C"}},
                                  {"image", "cuda:12"},
                                  {"realName", "爱丽丝"},
                                  {"password", "geheim "}}));
  EXPECT_EQ(e.ran.out, "alice: added, uid 20001, home /home/alice\n");
}

TEST(UserAdd, SendsTheEndOfTheAccount) {
  Exchange e({"user", "add", "alice", "--expires", "2026-12-31"}, {reply({{"user", alice()}})});
  EXPECT_EQ(e.parameters(), json({{"name", "alice"}, {"notAfter", "2026-12-31"}}));
}

TEST(UserAdd, LeavesOutWhatWasNotGivenAndReadsAKeyFromStdin) {
  Exchange e({"user", "add", "alice", "--key", "-"}, {reply({{"user", alice()}})}, "ssh-rsa A\n");
  EXPECT_EQ(e.parameters(), json({{"name", "alice"}, {"authorizedKeys", {"ssh-rsa A"}}}));
}

TEST(UserAdd, SaysWhenNobodyCanLogIn) {
  auto user = alice();
  user["keys"] = json::array();
  Exchange e({"user", "add", "alice"}, {reply({{"user", user}})});
  EXPECT_THAT(e.ran.out, HasSubstr("labgpu key add alice FILE"));
}

TEST(UserAdd, ABadKeyFileOrPasswordAsksNobody) {
  TemporaryDirectory directory;
  put(directory / "id", "-----BEGIN OPENSSH PRIVATE KEY-----\n");
  Exchange key({"user", "add", "alice", "--key", directory / "id"}, {});
  EXPECT_EQ(key.ran.status, 1);
  EXPECT_THAT(key.ran.err, HasSubstr("private key"));
  EXPECT_TRUE(key.helper.requests().empty());
  for (const auto& input : {std::string(), std::string("\nx\n"), std::string(600, 'x')}) {
    Exchange password({"user", "add", "alice", "--password-stdin"}, {}, input);
    EXPECT_EQ(password.ran.status, 1);
    EXPECT_TRUE(password.helper.requests().empty());
  }
}

json bad_key(size_t index) {
  return {{"error", "org.labgpu.Invalid"},
          {"parameters", {{"message", "the key is bad"}, {"key", index}}}};
}

TEST(UserAdd, SaysInWhichLineOfWhichFileTheBadKeyIs) {
  TemporaryDirectory directory;
  put(directory / "a.pub", "ssh-rsa A\n");
  put(directory / "b.pub", "# two\nssh-rsa B\n\nssh-rsa C\n");
  Exchange e({"user", "add", "alice", "--key", directory / "a.pub", "--key", directory / "b.pub"},
             {bad_key(2)});
  EXPECT_EQ(e.ran.status, 1);
  EXPECT_EQ(e.ran.err, "labgpu: " + (directory / "b.pub") + " line 4: the key is bad\n");
}

TEST(UserAdd, TheHelpersErrorIsOneLine) {
  Exchange e(
      {"user", "add", "alice"},
      {json({{"error", "org.labgpu.UserExists"}, {"parameters", {{"message", "alice exists"}}}})});
  EXPECT_EQ(e.ran.status, 1);
  EXPECT_EQ(e.ran.err, "labgpu: alice exists\n");
  EXPECT_EQ(e.ran.out, "");
}

TEST(UserList, ShowsATable) {
  Exchange e({"user", "list"}, {reply({{"users", {alice()}}})});
  EXPECT_EQ(e.method(), "org.labgpu.ListUsers");
  EXPECT_EQ(e.ran.out,
            "NAME   UID    FROM    IMAGE    GPUS  KEYS  PASSWORD  STATE   REAL NAME\n"
            "alice  20001  labgpu  cuda:12  all   1     no        active  爱丽丝\n");
}

TEST(UserList, TellsAnAccountOfTheServer) {
  auto user = alice();
  user["origin"] = "host";
  Exchange list({"user", "list"}, {reply({{"users", {user}}})});
  EXPECT_THAT(list.ran.out,
              HasSubstr("alice  20001  server  cuda:12  all   1     server's  active"));
  Exchange show({"user", "show", "alice"}, {reply({{"user", user}})});
  EXPECT_THAT(show.ran.out, HasSubstr("from        server\n"));
  EXPECT_THAT(show.ran.out, HasSubstr("password    server's\n"));
}

TEST(UserShow, ShowsSettingsAsSetTakesThemAndWhereTheyAreFrom) {
  Exchange e({"user", "show", "alice"}, {reply({{"user", alice()}})});
  EXPECT_EQ(e.parameters(), json({{"name", "alice"}}));
  EXPECT_THAT(e.ran.out, HasSubstr("profile     phd\n"));
  EXPECT_THAT(e.ran.out, HasSubstr("image       cuda:12                     user\n"));
  EXPECT_THAT(e.ran.out, HasSubstr("mounts      /data:/d:ro                 default\n"));
  EXPECT_THAT(e.ran.out, HasSubstr("gpus        all                         profile phd\n"));
  EXPECT_THAT(e.ran.out, HasSubstr("SHA256:abc ssh-ed25519 a@b\n"));
  EXPECT_THAT(e.ran.out, Not(HasSubstr("problem")));
}

TEST(UserShow, AProblemIsShown) {
  auto user = alice();
  user.erase("settings");
  user["problem"] = "alice has the profile \"phd\", which labgpu.json has not";
  Exchange e({"user", "show", "alice"}, {reply({{"user", user}})});
  EXPECT_THAT(e.ran.out, HasSubstr("problem     alice has the profile \"phd\""));
  EXPECT_THAT(e.ran.out, HasSubstr("/data:/d:ro"));
}

TEST(UserList, TellsWhoCannotLogInNow) {
  auto users = json::array();
  for (const char* state : {"expired", "pending", "locked"}) {
    users.push_back(alice());
    users.back()["state"] = state;
  }
  users.push_back(alice());  // an earlier helper does not tell the state
  users.back()["locked"] = true;
  Exchange e({"user", "list"}, {reply({{"users", users}})});
  EXPECT_THAT(e.ran.out, testing::ContainsRegex("no +expired.*\n.*no +not valid yet"));
  EXPECT_THAT(e.ran.out, testing::ContainsRegex("no +locked.*\n.*no +locked"));
}

TEST(UserShow, DatesAreTheServersOwn) {
  set_zone("XXX-8");
  auto user = alice();
  user["state"] = "expired";
  user["notAfterUSec"] = 978307199999999;
  Exchange e({"user", "show", "alice"}, {reply({{"user", user}})});
  set_zone("UTC");
  EXPECT_THAT(e.ran.out, HasSubstr("state       expired\n"));
  EXPECT_THAT(e.ran.out, HasSubstr("not_before  -\n"));
  EXPECT_THAT(e.ran.out, HasSubstr("not_after   2001-01-01 07:59\n"));
}

TEST(UserSet, SendsAssignmentsAndPasswords) {
  Exchange e({"user", "set", "alice", "image=", "mounts=/a:/b,/c"}, {reply({{"user", alice()}})});
  EXPECT_EQ(e.method(), "org.labgpu.SetUser");
  EXPECT_EQ(e.parameters(),
            json({{"name", "alice"}, {"assignments", {"image=", "mounts=/a:/b,/c"}}}));
  Exchange none({"user", "set", "alice", "--no-password"}, {reply({{"user", alice()}})});
  EXPECT_EQ(none.parameters().at("password"), "");
  Exchange some({"user", "set", "alice", "--password-stdin"}, {reply({{"user", alice()}})},
                "p\r\n");
  EXPECT_EQ(some.parameters().at("password"), "p");
}

json key(const std::string& fingerprint) {
  return {{"fingerprint", fingerprint}, {"type", "ssh-rsa"}, {"comment", ""}, {"line", "l"}};
}

TEST(KeyAdd, MakesACallForEachKey) {
  Exchange e({"key", "add", "alice", "-"},
             {reply({{"key", key("SHA256:a")}}), reply({{"key", key("SHA256:b")}})},
             "ssh-rsa A\nssh-rsa B\n");
  EXPECT_EQ(e.parameters(0), json({{"name", "alice"}, {"key", "ssh-rsa A"}}));
  EXPECT_EQ(e.parameters(1), json({{"name", "alice"}, {"key", "ssh-rsa B"}}));
  EXPECT_THAT(e.ran.out, HasSubstr("SHA256:b     ssh-rsa  -\n"));
}

TEST(KeyAdd, SaysHowManyWereAddedBeforeOneFailed) {
  Exchange e({"key", "add", "alice", "-"}, {reply({{"key", key("SHA256:a")}}), bad_key(0)},
             "ssh-rsa A\n\nnonsense\n");
  EXPECT_EQ(e.ran.status, 1);
  EXPECT_EQ(e.ran.err,
            "labgpu: the standard input line 3: the key is bad (1 of the 2 keys were added "
            "before)\n");
}

TEST(Key, ListAndRemove) {
  Exchange list({"key", "list", "alice"}, {reply({{"keys", {key("SHA256:a")}}})});
  EXPECT_EQ(list.method(), "org.labgpu.ListKeys");
  EXPECT_THAT(list.ran.out, HasSubstr("SHA256:a"));
  Exchange remove({"key", "remove", "alice", "SHA256:a"}, {reply(json::object())});
  EXPECT_EQ(remove.parameters(), json({{"name", "alice"}, {"fingerprint", "SHA256:a"}}));
  EXPECT_EQ(remove.ran.out, "alice: removed SHA256:a\n");
}

}  // namespace
}  // namespace labgpu
