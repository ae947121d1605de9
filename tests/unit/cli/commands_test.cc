// Every command that asks the helper: what it sends, what it prints for people and for programs.
#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>

#include "tests/unit/cli/exchange.h"
#include "tests/unit/cli/temporary_directory.h"

namespace labgpu {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

json alice() {
  return {{"name", "alice"},
          {"realName", "爱丽丝"},
          {"uid", 20001},
          {"gid", 20001},
          {"home", "/home/alice"},
          {"locked", false},
          {"hasPassword", false},
          {"origin", "labgpu"},
          {"keys",
           {{{"fingerprint", "SHA256:abc"},
             {"type", "ssh-ed25519"},
             {"comment", "a@b"},
             {"line", "x"}}}},
          {"overrides", {{"image", "cuda:12"}}},
          {"profile", "phd"},
          {"settings", {{"image", "cuda:12"}, {"gpus", "all"}}},
          {"view",
           {{{"key", "image"}, {"value", "cuda:12"}, {"origin", "user"}},
            {{"key", "mounts"}, {"value", "/data:/d:ro"}, {"origin", "default"}},
            {{"key", "gpus"}, {"value", "all"}, {"origin", "profile"}}}}};
}

json container(const std::string& state) {
  return {{"user", "alice"},
          {"name", "alice_container"},
          {"id", "0123"},
          {"state", state},
          {"image", "cuda:12"},
          {"startedAt", "2025-05-20T12:03:04.5Z"},
          {"address", "172.17.0.2"},
          {"sessions", 3},
          {"ports", json::array()},
          {"needsRebuild", json::array()},
          {"pending", json::array()}};
}

json purge() {
  return {
      {"name", "alice"},
      {"uid", 20001},
      {"home", "/home/alice"},
      {"keys", 1},
      {"containerName", "alice_container"},
      {"containerState", "running"},
      {"sessions", 2},
      {"directories",
       {{{"path", "/home/alice"}, {"entries", 12}, {"bytes", uint64_t{3} << 29}, {"counted", true}},
        {{"path", "/data/alice"}, {"entries", 1}, {"bytes", 102400}, {"counted", false}},
        {{"path", "/srv/alice"}, {"entries", 0}, {"bytes", 0}, {"counted", true}}}},
      {"kept", {"/data/shared"}}};
}

void set_zone(const char* zone) {
  setenv("TZ", zone, 1);
  tzset();
}

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

json alices_password(bool change_now) {
  auto user = alice();
  user["hasPassword"] = true;
  user["passwordChangeNow"] = change_now;
  return {{"user", user}};
}

json generated() {
  auto parameters = alices_password(true);
  parameters["generatedPassword"] = "abcd-efgh-jkmn-pqrs";
  return parameters;
}

TEST(UserAdd, ShowsAGeneratedPasswordOnce) {
  Exchange e({"user", "add", "alice", "--generate-password"}, {reply(generated())});
  EXPECT_EQ(e.parameters(), json({{"name", "alice"}, {"generatePassword", true}}));
  EXPECT_EQ(e.ran.out,
            "alice: added, uid 20001, home /home/alice\n"
            "alice's password, shown this once: abcd-efgh-jkmn-pqrs\n"
            "It has to be changed at the first login by password.\n");
  Exchange both({"user", "add", "alice", "--generate-password", "--password-stdin"}, {}, "x\n");
  EXPECT_EQ(both.ran.status, 2);
  EXPECT_TRUE(both.helper.requests().empty());
}

struct PasswdCase {
  std::vector<std::string> options;
  json parameters;
  std::string says;
};

TEST(Passwd, SendsWhatIsToBeDone) {
  const std::vector<PasswdCase> cases = {
      {{"--stdin"}, {{"password", "geheim"}}, "alice: the password is set\n"},
      {{"--stdin", "--expire"},
       {{"password", "geheim"}, {"changeNow", true}},
       "alice: the password is set\nalice: it has to be changed at the next login by password\n"},
      {{"--expire"},
       {{"changeNow", true}},
       "alice: it has to be changed at the next login by password\n"},
      {{"-e"},
       {{"changeNow", true}},
       "alice: it has to be changed at the next login by password\n"},
      {{"--delete"}, {{"password", ""}}, "alice: no logins by password\n"},
      {{"-d"}, {{"password", ""}}, "alice: no logins by password\n"},
      {{"--lock"}, {{"locked", true}}, "alice: the password is locked\n"},
      {{"-u"}, {{"locked", false}}, "alice: the password is good again\n"}};
  for (const auto& one : cases) {
    std::vector<std::string> words{"passwd", "alice"};
    words.insert(words.end(), one.options.begin(), one.options.end());
    Exchange e(words, {reply(alices_password(false))}, "geheim\nrest\n");
    auto expected = one.parameters;
    expected["name"] = "alice";
    EXPECT_EQ(e.ran.status, 0) << e.ran.err;
    EXPECT_EQ(e.method(), "org.labgpu.SetPassword");
    EXPECT_EQ(e.parameters(), expected);
    EXPECT_EQ(e.ran.out, one.says);
  }
}

TEST(Passwd, ShowsAGeneratedOneOnce) {
  Exchange e({"passwd", "--generate", "alice"}, {reply(generated())});
  EXPECT_EQ(e.parameters(), json({{"name", "alice"}, {"generate", true}}));
  EXPECT_EQ(e.ran.out,
            "alice's password, shown this once: abcd-efgh-jkmn-pqrs\n"
            "It has to be changed at the first login by password.\n");
}

TEST(Passwd, WhatMakesNoSenseAsksNobody) {
  for (const auto& options : {std::vector<std::string>{},
                              {"--stdin", "--generate"},
                              {"--delete", "--lock"},
                              {"--lock", "--expire"},
                              {"--delete", "-e"}}) {
    std::vector<std::string> words{"passwd", "alice"};
    words.insert(words.end(), options.begin(), options.end());
    Exchange e(words, {}, "geheim\n");
    EXPECT_EQ(e.ran.status, 2) << e.ran.err;
    EXPECT_TRUE(e.helper.requests().empty());
  }
  Exchange nameless({"passwd", "--generate"}, {});
  EXPECT_EQ(nameless.ran.status, 2);
  Exchange no_terminal({"passwd", "alice"}, {}, "geheim\ngeheim\n");
  EXPECT_THAT(no_terminal.ran.err, HasSubstr("--stdin"));
}

TEST(UserList, TellsWhatAPasswordIsGoodFor) {
  auto users = json::array();
  for (int i = 0; i < 3; ++i) users.push_back(alices_password(i > 0)["user"]);
  users[2]["passwordLocked"] = true;
  Exchange e({"user", "list"}, {reply({{"users", users}})});
  EXPECT_THAT(e.ran.out, testing::ContainsRegex(" yes .*\n.* to change .*\n.* locked "));
}

// A file system of one page, which something else takes. Needs root.
class FullDisk {
 public:
  FullDisk() {
    EXPECT_EQ(mount("none", directory_.path().c_str(), "tmpfs", 0, "size=4k"), 0);
    put(directory_ / "filler", std::string(4096, 'x'));
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  ~FullDisk() { EXPECT_EQ(umount(directory_.path().c_str()), 0); }
  std::string operator/(const std::string& name) const { return directory_ / name; }

 private:
  TemporaryDirectory directory_;
};

class UserImport : public testing::Test {
 protected:
  static constexpr char kFile[] = "name\nalice\nbob\n";
  static json made() {
    return {{"imported", true},
            {"users",
             {{{"name", "alice"}, {"uid", 20001}, {"generatedPassword", "abcd-efgh"}},
              {{"name", "bob"}, {"uid", 20002}}}}};
  }
  static std::vector<std::string> words(const std::vector<std::string>& options) {
    std::vector<std::string> all{"user", "import", "-"};
    all.insert(all.end(), options.begin(), options.end());
    return all;
  }
  TemporaryDirectory directory_;
  std::string file_ = directory_ / "passwords.csv";
};

TEST_F(UserImport, ShowsGeneratedPasswordsInTheReport) {
  Exchange e(words({"--generate-passwords"}), {reply(made())}, kFile);
  EXPECT_EQ(e.parameters(), json({{"users", {{{"name", "alice"}}, {{"name", "bob"}}}},
                                  {"dryRun", false},
                                  {"generatePasswords", true}}));
  EXPECT_EQ(e.ran.out,
            "WHERE   NAME   UID    PASSWORD   RESULT\n"
            "line 2  alice  20001  abcd-efgh  added\n"
            "line 3  bob    20002  -          added\n"
            "2 users added\n"
            "nobody sees these passwords again\n");
  Exchange as_json(words({"--generate-passwords", "--json"}), {reply(made())}, kFile);
  EXPECT_EQ(json::parse(as_json.ran.out), made());
}

TEST_F(UserImport, WritesThemToAFileOfRootsInstead) {
  Exchange e(words({"--generate-passwords", "--passwords-file", file_}), {reply(made())}, kFile);
  EXPECT_EQ(e.ran.status, 0) << e.ran.err;
  EXPECT_EQ(slurp(file_), "name,password\nalice,abcd-efgh\n");
  struct stat info {};
  ASSERT_EQ(stat(file_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
  EXPECT_THAT(e.ran.out, Not(HasSubstr("PASSWORD")));
  EXPECT_THAT(e.ran.out, Not(HasSubstr("abcd-efgh")));
}

TEST_F(UserImport, AFileThatCannotBeMadeAsksNobody) {
  put(file_, "another one's");
  Exchange e(words({"--generate-passwords", "--passwords-file", file_}), {}, kFile);
  EXPECT_EQ(e.ran.status, 1);
  EXPECT_TRUE(e.helper.requests().empty());
  EXPECT_EQ(slurp(file_), "another one's");
}

TEST_F(UserImport, WithoutPasswordsThereIsNoFile) {
  const json refused = {{"imported", false}, {"users", {{{"name", "x"}, {"problem", "bad"}}}}};
  Exchange e(words({"--generate-passwords", "--passwords-file", file_}), {reply(refused)},
             "name\nx\n");
  EXPECT_EQ(e.ran.status, 1);
  EXPECT_FALSE(exists(file_));
  Exchange dry(words({"--generate-passwords", "--dry-run", "--passwords-file", file_}),
               {reply({{"imported", false}, {"users", {{{"name", "x"}}}}})}, "name\nx\n");
  EXPECT_EQ(dry.ran.status, 0) << dry.ran.err;
  EXPECT_FALSE(exists(file_));
}

TEST_F(UserImport, PasswordsThatCannotBeWrittenAreShown) {
  FullDisk full;
  auto file = full / "passwords.csv";
  Exchange e(words({"--generate-passwords", "--passwords-file", file}), {reply(made())}, kFile);
  EXPECT_EQ(e.ran.status, 1);
  EXPECT_THAT(e.ran.err, HasSubstr("cannot write " + file + ", which is removed again"));
  EXPECT_THAT(e.ran.out, HasSubstr("abcd-efgh"));
  EXPECT_FALSE(exists(file));
}

TEST_F(UserImport, PasswordsNeedNotBeChangedIfSaidSo) {
  Exchange e(words({"--generate-passwords", "--no-expire"}), {reply(made())},
             "name,passwordChangeNow\nalice,\nbob,yes\n");
  EXPECT_EQ(e.parameters()["users"], json({{{"name", "alice"}, {"passwordChangeNow", false}},
                                           {{"name", "bob"}, {"passwordChangeNow", true}}}));
  for (const auto& options : {std::vector<std::string>{"--no-expire"}, {"--passwords-file", "x"}}) {
    Exchange alone(words(options), {}, kFile);
    EXPECT_EQ(alone.ran.status, 2) << alone.ran.err;
    EXPECT_TRUE(alone.helper.requests().empty());
  }
}

TEST(UserRemove, SaysThatAnAccountOfTheServerMayComeBack) {
  json removed = {
      {"home", "/home/alice"}, {"containerName", "alice_container"}, {"origin", "host"}};
  Exchange e({"user", "remove", "alice", "--yes"}, {reply(removed)});
  EXPECT_THAT(e.ran.out, HasSubstr("stays an account of this server"));
  removed["origin"] = "labgpu";
  Exchange own({"user", "remove", "alice", "--yes"}, {reply(removed)});
  EXPECT_THAT(own.ran.out, Not(HasSubstr("stays an account")));
}

TEST(UserRemove, SaysWhatIsKept) {
  Exchange e({"user", "remove", "alice", "--yes"}, {reply({{"home", "/home/alice"},
                                                           {"containerName", "alice_container"},
                                                           {"origin", "labgpu"}})});
  EXPECT_EQ(e.parameters(), json({{"name", "alice"}}));
  EXPECT_THAT(e.ran.out, HasSubstr("kept: /home/alice\n"));
  EXPECT_THAT(e.ran.out, HasSubstr("docker rm alice_container"));
  Exchange never({"user", "remove", "alice", "--yes"},
                 {reply({{"home", "/home/alice"}, {"containerName", ""}})});
  EXPECT_THAT(never.ran.out, Not(HasSubstr("docker")));
}

TEST(UserRemove, DoesNothingWithoutATerminalToAskAt) {
  Exchange e({"user", "remove", "alice"}, {}, "y\n");
  EXPECT_EQ(e.ran.status, 2);
  EXPECT_THAT(e.ran.err, HasSubstr("--yes"));
  EXPECT_TRUE(e.helper.requests().empty());
}

TEST(UserPurge, AsksAtATerminalAndSaysWhatGoes) {
  auto plan = reply({{"purge", purge()}});
  Exchange e({"user", "remove", "alice", "--purge"}, {plan}, "y\n");
  EXPECT_EQ(e.ran.status, 2);
  EXPECT_THAT(e.ran.err, HasSubstr("--yes"));
  ASSERT_EQ(e.helper.requests().size(), 1U);
  EXPECT_EQ(e.method(), "org.labgpu.PurgeUser");
  EXPECT_EQ(e.parameters(), json({{"name", "alice"}, {"dryRun", true}, {"force", false}}));
  EXPECT_THAT(e.ran.err,
              HasSubstr("This is deleted for good, but for what is kept:\n"
                        "account    alice, uid 20001, with 1 key\n"
                        "container  alice_container, running, 2 sessions open\n"
                        "home       /home/alice: 1.5 GiB in 12 files and directories\n"
                        "directory  /data/alice: at least 100 KiB in 1 file or directory\n"
                        "directory  /srv/alice: not there\n"
                        "kept       /data/shared\n"));
}

TEST(UserPurge, DoesItWithYes) {
  Exchange e({"user", "remove", "alice", "--purge", "--yes", "--force"},
             {reply({{"purge", purge()}})});
  EXPECT_EQ(e.ran.status, 0) << e.ran.err;
  ASSERT_EQ(e.helper.requests().size(), 1U);
  EXPECT_EQ(e.parameters(), json({{"name", "alice"}, {"force", true}}));
  EXPECT_EQ(e.helper.requests().at(0).at("more"), true);
  EXPECT_EQ(e.ran.out,
            "alice: removed\n"
            "deleted: container alice_container\n"
            "deleted: /home/alice\ndeleted: /data/alice\ndeleted: /srv/alice\n"
            "kept: /data/shared\n");
  EXPECT_EQ(e.ran.err, "") << "no progress where nobody looks";
}

TEST(UserPurge, ForceGoesWithPurge) {
  Exchange e({"user", "remove", "alice", "--yes", "--force"}, {});
  EXPECT_EQ(e.ran.status, 2);
  EXPECT_TRUE(e.helper.requests().empty());
}

TEST(ImportProgress, IsNotToldWhereNobodyLooks) {
  TemporaryDirectory directory;
  put(directory / "class.csv", "name\nalice\n");
  FakeHelper helper([](int fd) {
    read_message(fd);
    json progress = {{"step", "making"}, {"done", 1}, {"total", 1}};
    json told = {{"parameters", {{"progress", progress}}}, {"continues", true}};
    json last = reply({{"imported", true}, {"users", {{{"name", "alice"}, {"uid", 20001}}}}});
    write_bytes(fd, told.dump() + '\0' + last.dump() + '\0');
  });
  auto ran = run_labgpu({"user", "import", directory / "class.csv", "--socket", helper.socket()});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.err, "");
  EXPECT_THAT(ran.out, HasSubstr("1 users added\n"));
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

TEST(Status, AllOrOne) {
  set_zone("UTC");
  Exchange all({"status"}, {reply({{"containers", {container("running")}}})});
  EXPECT_EQ(all.parameters(), json::object());
  EXPECT_EQ(all.ran.out,
            "NAME   STATE    SESSIONS  SINCE             ADDRESS     IMAGE    CONTAINER\n"
            "alice  running  3         2025-05-20 12:03  172.17.0.2  cuda:12  alice_container\n");
  Exchange one({"status", "alice"}, {reply({{"containers", json::array()}})});
  EXPECT_EQ(one.parameters(), json({{"name", "alice"}}));
}

TEST(Status, WhatAContainerHasNotIsSaidBelow) {
  auto different = container("running");
  different["ports"] = {"20000:8888", "20001:ssh"};
  different["needsRebuild"] = {"mounts", "shm_size"};
  different["pending"] = {"memory"};
  Exchange e({"status"}, {reply({{"containers", {different, container("stopped")}}})});
  EXPECT_THAT(e.ran.out, HasSubstr("CONTAINER        PORTS\n"));
  EXPECT_THAT(e.ran.out, HasSubstr("alice_container  20000:8888, 20001:ssh\n"));
  EXPECT_THAT(e.ran.out, HasSubstr("alice_container  -\n"));
  EXPECT_THAT(e.ran.out, HasSubstr("alice: needs a rebuild; its container was made with another "
                                   "mounts, shm_size\n"));
  EXPECT_THAT(e.ran.out, HasSubstr("alice: Docker has not changed memory yet"));
}

TEST(Status, WhatBefellAContainerIsSaidBelow) {
  auto ill = container("running");
  ill["answers"] = false;
  ill["idleStopUSec"] = 1747742640000000;
  ill["memoryKills"] = 2;
  ill["lastMemoryKillUSec"] = 1747742640000000;
  ill["lastEnd"] = {
      {"cause", "killed"}, {"atUSec", 1747742640000000}, {"reason", "was killed \x1b"}};
  Exchange e({"status"}, {reply({{"containers", {ill}}})});
  EXPECT_THAT(e.ran.out,
              HasSubstr("does not answer, so nobody can log in; `labgpu restart alice`"));
  EXPECT_THAT(e.ran.out, HasSubstr("alice: stops at 2025-05-20 12:04 when it stays idle\n"));
  EXPECT_THAT(e.ran.out, HasSubstr("alice: ran out of memory: the kernel killed 2 processes of it, "
                                   "the last at 2025-05-20 12:04\n"));
  EXPECT_THAT(e.ran.out, HasSubstr("alice: was killed ?, at 2025-05-20 12:04\n"));
  ill = container("running");
  ill["answers"] = true;
  ill["memoryKills"] = 0;
  ill["lastEnd"] = {{"cause", "asked"}, {"atUSec", 1}, {"reason", "was stopped"}};
  Exchange well({"status"}, {reply({{"containers", {ill}}})});
  EXPECT_THAT(well.ran.out, Not(HasSubstr("alice: ")));
}

json log_entry(const char* message) {
  return {
      {"atUSec", 1747742640000000}, {"event", "login"}, {"user", "alice"}, {"message", message}};
}

TEST(Log, IsALineForEachEvent) {
  Exchange e({"log", "alice", "--lines", "5", "--since", "2025-01-01"},
             {reply({{"entries", {log_entry("session opened"), log_entry("\x1b")}}})});
  EXPECT_EQ(e.method(), "org.labgpu.ReadLog");
  EXPECT_EQ(e.parameters(), json({{"name", "alice"}, {"lines", 5}, {"since", "2025-01-01"}}));
  EXPECT_EQ(e.ran.out,
            "2025-05-20 12:04:00  alice         login     session opened\n"
            "2025-05-20 12:04:00  alice         login     ?\n");
  Exchange all({"log"}, {reply({{"entries", json::array()}})});
  EXPECT_EQ(all.parameters(), json::object());
}

TEST(Log, BadOptionsAreRefused) {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"log", "--lines", "0"}, {"log", "--lines", "1001"}, {"log", "--follow", "--json"}}) {
    Exchange e(words, {});
    EXPECT_EQ(e.ran.status, 2) << words.back();
  }
}

TEST(UserSet, SaysWhatItDidToTheContainer) {
  auto different = container("running");
  different["needsRebuild"] = {"mounts"};
  Exchange e({"user", "set", "alice", "memory=16g", "mounts=/data"},
             {reply({{"user", alice()}, {"changed", {"memory"}}, {"container", different}})});
  EXPECT_THAT(e.ran.out, HasSubstr("alice: changed in the container: memory\n"));
  EXPECT_THAT(e.ran.out, HasSubstr("alice: needs a rebuild; its container was made with another "
                                   "mounts\n"));
  EXPECT_THAT(e.ran.out, Not(HasSubstr("saved")));
  Exchange down({"user", "set", "alice", "memory=16g"},
                {reply({{"user", alice()},
                        {"changed", json::array()},
                        {"note", "Docker cannot list the containers \x1b"}})});
  EXPECT_EQ(down.ran.status, 0);
  EXPECT_THAT(down.ran.out, HasSubstr("saved, but the container is as it was: Docker cannot list "
                                      "the containers ?\n"));
}

TEST(State, StartStopRestart) {
  for (const auto& [command, method] :
       {std::pair{"start", "Start"}, {"stop", "Stop"}, {"restart", "Restart"}}) {
    Exchange e({command, "alice"}, {reply({{"container", container("running")}})});
    EXPECT_EQ(e.method(), std::string("org.labgpu.") + method);
    EXPECT_EQ(e.parameters(), json({{"name", "alice"}}));
    EXPECT_THAT(e.ran.out, HasSubstr("alice_container"));
  }
}

TEST(Maintenance, IsShownBegunAndEnded) {
  auto on = reply({{"on", true}, {"message", "back at \x1b 18:00"}});
  auto off = reply({{"on", false}, {"message", ""}});
  Exchange show({"maintenance"}, {off});
  EXPECT_EQ(show.method(), "org.labgpu.GetMaintenance");
  EXPECT_EQ(show.ran.out, "maintenance is off\n");
  Exchange begin({"maintenance", "on", "back at 18:00"}, {reply(json::object()), on});
  EXPECT_EQ(begin.method(), "org.labgpu.StartMaintenance");
  EXPECT_EQ(begin.parameters(), json({{"message", "back at 18:00"}}));
  EXPECT_EQ(begin.ran.out, "maintenance is on: back at ? 18:00\n");
  Exchange wordless({"maintenance", "on"}, {reply(json::object()), on});
  EXPECT_EQ(wordless.parameters(), json({{"message", ""}}));
  Exchange end({"maintenance", "off"}, {reply(json::object()), off});
  EXPECT_EQ(end.method(), "org.labgpu.EndMaintenance");
  EXPECT_EQ(end.ran.out, "maintenance is off\n");
}

TEST(Maintenance, AnotherWordIsRefused) {
  for (const auto& words : {std::vector<std::string>{"maintenance", "maybe"},
                            {"maintenance", "on", "back", "at", "18:00"},
                            {"maintenance", "off", "now"}}) {
    Exchange e(words, {});
    EXPECT_EQ(e.ran.status, 2) << words.back();
    EXPECT_TRUE(e.helper.requests().empty());
  }
}

class JsonOutput : public testing::TestWithParam<std::pair<std::vector<std::string>, json>> {};

TEST_P(JsonOutput, IsTheReplysParameters) {
  auto [arguments, parameters] = GetParam();
  arguments.emplace_back("--json");
  Exchange e(arguments, {reply(parameters)});
  EXPECT_EQ(e.ran.status, 0) << e.ran.err;
  EXPECT_EQ(json::parse(e.ran.out), parameters);
}

INSTANTIATE_TEST_SUITE_P(
    All, JsonOutput,
    testing::Values(
        std::pair{std::vector<std::string>{"user", "add", "alice"}, json{{"user", alice()}}},
        std::pair{std::vector<std::string>{"user", "list"}, json{{"users", {alice()}}}},
        std::pair{std::vector<std::string>{"user", "show", "alice"}, json{{"user", alice()}}},
        std::pair{std::vector<std::string>{"user", "set", "alice", "a=b"}, json{{"user", alice()}}},
        std::pair{std::vector<std::string>{"passwd", "alice", "--generate"}, generated()},
        std::pair{std::vector<std::string>{"passwd", "alice", "--lock"}, alices_password(false)},
        std::pair{std::vector<std::string>{"user", "remove", "alice", "--yes"},
                  json{{"home", "/h"}}},
        std::pair{std::vector<std::string>{"key", "list", "alice"}, json{{"keys", json::array()}}},
        std::pair{std::vector<std::string>{"key", "remove", "alice", "x"}, json::object()},
        std::pair{std::vector<std::string>{"maintenance"}, json{{"on", false}, {"message", ""}}},
        std::pair{std::vector<std::string>{"log"}, json{{"entries", json::array()}}},
        std::pair{std::vector<std::string>{"status"}, json{{"containers", json::array()}}},
        std::pair{std::vector<std::string>{"stop", "alice"},
                  json{{"container", container("stopped")}}}));

TEST(Reply, ALackingFieldIsNotACrash) {
  Exchange e({"user", "show", "alice"}, {reply(json::object())});
  EXPECT_EQ(e.ran.status, 69);
  EXPECT_THAT(e.ran.err, HasSubstr("different versions"));
}

}  // namespace
}  // namespace labgpu
