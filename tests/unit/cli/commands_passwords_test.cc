// labgpu passwd, and passwords of new users.
#include <gmock/gmock.h>

#include "tests/unit/cli/command_replies.h"
#include "tests/unit/cli/exchange.h"

namespace labgpu {
namespace {

using nlohmann::json;
using testing::HasSubstr;

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

}  // namespace
}  // namespace labgpu
