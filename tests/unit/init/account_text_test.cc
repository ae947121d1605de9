// The container's passwd and group files, as texts: reading them, and adding the account.
#include "init/account_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace labgpu {
namespace {

constexpr GuestAccount kAlice{
    .name = "alice", .uid = 20001, .gid = 20001, .group = "alice", .home = "/home/alice"};
constexpr char kBase[] =
    "root:x:0:0:root:/root:/bin/bash\n"
    "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n";
constexpr char kAliceLine[] = "alice:*:20001:20001::/home/alice:/bin/bash\n";

struct Edited {
  Edit edit;
  std::string text;
};

Edited passwd_after(const std::string& before, size_t room = 4096) {
  std::vector<char> space(room);
  EditBuffer out{.space = space, .text = {}};
  Edit edit = edit_passwd(before, kAlice, "/bin/bash", out);
  return {edit, std::string(out.text)};
}

Edited group_after(const std::string& before, const GuestAccount& account = kAlice) {
  std::vector<char> space(4096);
  EditBuffer out{.space = space, .text = {}};
  Edit edit = edit_group(before, account, out);
  return {edit, std::string(out.text)};
}

TEST(EditPasswd, AppendsANewAccount) {
  Edited after = passwd_after(kBase);
  EXPECT_EQ(after.edit, Edit::kChanged);
  EXPECT_EQ(after.text, std::string(kBase) + kAliceLine);
}

TEST(EditPasswd, ChangesNothingTheSecondTime) {
  EXPECT_EQ(passwd_after(passwd_after(kBase).text).edit, Edit::kUnchanged);
}

TEST(EditPasswd, MendsAMissingLastNewline) {
  Edited after = passwd_after("root:x:0:0:root:/root:/bin/bash");
  EXPECT_EQ(after.text, std::string("root:x:0:0:root:/root:/bin/bash\n") + kAliceLine);
}

TEST(EditPasswd, FillsAnEmptyFile) { EXPECT_EQ(passwd_after("").text, kAliceLine); }

TEST(EditPasswd, StandsBeforeAnotherNameOfTheSameUid) {
  std::string ubuntu = "ubuntu:x:20001:20001:Ubuntu:/home/ubuntu:/bin/bash\n";
  EXPECT_EQ(passwd_after(kBase + ubuntu).text, kBase + (kAliceLine + ubuntu));
  // Also when the account's line is there already, but later.
  EXPECT_EQ(passwd_after(kBase + ubuntu + kAliceLine).text, kBase + (kAliceLine + ubuntu));
  EXPECT_EQ(passwd_after(kBase + (kAliceLine + ubuntu)).edit, Edit::kUnchanged);
}

TEST(EditPasswd, GivesAnImagesOwnAccountTheRightIdsAndKeepsItsShell) {
  Edited after =
      passwd_after(std::string("alice:x:1000:1000:Alice,,,:/old:/usr/bin/zsh\n") + kBase);
  EXPECT_EQ(after.text,
            std::string("alice:x:20001:20001:Alice,,,:/home/alice:/usr/bin/zsh\n") + kBase);
}

TEST(EditPasswd, HonoursAChangedShell) {
  EXPECT_EQ(passwd_after("alice:*:20001:20001::/home/alice:/usr/bin/fish\n").edit,
            Edit::kUnchanged);
}

TEST(EditPasswd, ReplacesABrokenLineAndDropsDoubles) {
  EXPECT_EQ(passwd_after(std::string("alice:x:20001\n") + kBase + "alice:x:7:7::/:/bin/sh\n").text,
            std::string(kAliceLine) + kBase);
}

TEST(EditPasswd, DoesNotMistakeANameThatBeginsTheSame) {
  std::string longer = "alice2:x:20002:20002::/home/alice2:/bin/sh\n";
  EXPECT_EQ(passwd_after(longer).text, longer + kAliceLine);
}

TEST(EditPasswd, KeepsLinesItDoesNotUnderstand) {
  std::string odd = "# comment\n\n+::::::\n:::\n";
  EXPECT_EQ(passwd_after(odd).text, odd + kAliceLine);
}

TEST(EditPasswd, SaysWhenThereIsNoRoom) {
  size_t needed = std::string(kBase).size() + std::string(kAliceLine).size();
  EXPECT_EQ(passwd_after(kBase, needed).edit, Edit::kChanged);
  for (size_t room = 0; room < needed; ++room) {
    EXPECT_EQ(passwd_after(kBase, room).edit, Edit::kTooLong) << room;
  }
}

TEST(EditPasswd, RefusesALineLongerThanItsBound) {
  std::string name(20000, 'x');
  EXPECT_EQ(passwd_after("alice:*:20001:20001:" + name + ":/home/alice:/bin/sh\n", 65536).edit,
            Edit::kTooLong);
}

TEST(EditGroup, AppendsANewGroup) {
  EXPECT_EQ(group_after("root:x:0:\n").text, "root:x:0:\nalice:*:20001:\n");
}

TEST(EditGroup, StandsBeforeAnotherNameOfTheSameGid) {
  EXPECT_EQ(group_after("big:x:20001:bob\n").text, "alice:*:20001:\nbig:x:20001:bob\n");
}

TEST(EditGroup, KeepsTheMembersOfAGroupThatGetsAnotherGid) {
  EXPECT_EQ(group_after("alice:x:1000:bob,carol\n").text, "alice:x:20001:bob,carol\n");
}

TEST(EditGroup, ReplacesABrokenLine) {
  EXPECT_EQ(group_after("alice:x\n").text, "alice:*:20001:\n");
}

TEST(EditGroup, KnowsAGroupThatIsNotTheAccountsOwn) {
  GuestAccount member = kAlice;
  member.gid = 100;
  member.group = "users";
  EXPECT_EQ(group_after("root:x:0:\nusers:x:100:bob\n", member).edit, Edit::kUnchanged);
  member.gid = 5000;
  member.group = "lab";
  EXPECT_EQ(group_after("alice:x:1000:\n", member).text, "alice:x:1000:\nlab:*:5000:\n");
}

TEST(FindPasswdEntry, GivesTheFirstLineOfTheName) {
  PasswdEntry entry;
  ASSERT_TRUE(
      find_passwd_entry("a:x:1:1:A:/a:/bin/a\nb:x:2:2::/b:\nb:x:3:3::/c:/bin/c\n", "b", entry));
  EXPECT_EQ(entry.home, "/b");
  EXPECT_EQ(entry.shell, "");
  EXPECT_FALSE(find_passwd_entry("alice2:x:1:1::/:/bin/sh\n", "alice", entry));
  EXPECT_FALSE(find_passwd_entry("alice:x:1:1::/\n", "alice", entry));
  EXPECT_FALSE(find_passwd_entry("alice:x:1:1::/:/bin/sh:more\n", "alice", entry));
}

TEST(CollectGroups, TakesTheGroupsThatListTheName) {
  gid_t groups[8];
  size_t count = collect_groups(
      "root:x:0:\nvideo:x:44:bob,alice\nrender:x:105:alice\nalice:x:20001:\n"
      "near:x:7:alice2\nbad:x:zz:alice\nown:x:20001:alice\n",
      "alice", 20001, groups);
  EXPECT_THAT(std::vector<gid_t>(groups, groups + count), testing::ElementsAre(20001, 44, 105));
}

TEST(CollectGroups, StopsWhenThereIsNoRoom) {
  gid_t groups[2];
  EXPECT_EQ(collect_groups("a:x:1:me\nb:x:2:me\nc:x:3:me\n", "me", 9, groups), 2U);
  EXPECT_EQ(collect_groups("a:x:1:me\n", "me", 9, std::span<gid_t>()), 0U);
}

}  // namespace
}  // namespace labgpu
