// common/account_index.h: who labgpu manages, and that nothing odd in the index becomes an account.
#include "common/account_index.h"

#include <errno.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "tests/support/cdb_file.h"
#include "tests/support/temporary_directory.h"

namespace labgpu {
namespace {

using namespace std::string_literals;

constexpr char kAlice[] =
    "alice:x:20001:20002:Alice Ü:/home/alice:/usr/libexec/labgpu/labgpu-session";

class AccountIndex : public testing::Test {
 protected:
  template <typename Key>
  int find(Key key, IndexedAccount& out) {
    return find_account(path_.c_str(), key, buffer_, out);
  }
  test::TemporaryDirectory directory_;
  std::string path_ = directory_ / "passwd.cdb";
  std::array<char, 4096> buffer_{};
};

TEST_F(AccountIndex, AnswersByNameAndByUid) {
  ASSERT_NO_FATAL_FAILURE(test::write_cdb(path_, {{"=alice", kAlice}, {"#20001", kAlice}}));
  IndexedAccount by_name;
  ASSERT_EQ(find("alice", by_name), 0);
  EXPECT_EQ(by_name.name, "alice");
  EXPECT_EQ(by_name.uid, 20001U);
  EXPECT_EQ(by_name.gid, 20002U);
  EXPECT_EQ(by_name.real_name, "Alice Ü");
  EXPECT_EQ(by_name.home, "/home/alice");
  EXPECT_EQ(by_name.shell, "/usr/libexec/labgpu/labgpu-session");
  for (std::string_view text : {by_name.name, by_name.real_name, by_name.home, by_name.shell}) {
    EXPECT_EQ(text.data()[text.size()], '\0');
    EXPECT_GE(text.data(), buffer_.data());
    EXPECT_LT(text.data(), buffer_.data() + buffer_.size());
  }
  IndexedAccount by_uid;
  ASSERT_EQ(find(20001U, by_uid), 0);
  EXPECT_EQ(by_uid.name, "alice");
}

TEST_F(AccountIndex, KnowsNobodyElse) {
  ASSERT_NO_FATAL_FAILURE(test::write_cdb(path_, {{"=alice", kAlice}, {"#20001", kAlice}}));
  IndexedAccount account;
  for (const char* name : {"bob", "alic", "", "root", "../x", "-a", "Alice", "#20001", "=alice"}) {
    EXPECT_EQ(find(std::string_view(name), account), ENOENT) << name;
  }
  EXPECT_EQ(find(std::string_view("alice\0", 6), account), ENOENT);
  EXPECT_EQ(find(std::string_view(std::string(200, 'a')), account), ENOENT);
  for (uint32_t uid : {0U, 1U, 20002U, UINT32_MAX}) EXPECT_EQ(find(uid, account), ENOENT) << uid;
}

TEST_F(AccountIndex, AMissingIndexKnowsNobody) {
  IndexedAccount account;
  EXPECT_EQ(find("alice", account), ENOENT);
  EXPECT_EQ(find(20001U, account), ENOENT);
}

TEST_F(AccountIndex, RefusesALineThatIsNotAnAccount) {
  const std::vector<std::string> lines{
      "",
      "alice",
      "alice:x:20001:20001:A:/home/alice",
      "alice:x:20001:20001:A:/home/alice:/bin/sh:",
      "bob:x:20001:20001:A:/home/alice:/bin/sh",
      "alicia:x:20001:20001:A:/home/alice:/bin/sh",
      ":x:20001:20001:A:/home/alice:/bin/sh",
      "alice::20001:20001:A:/home/alice:/bin/sh",
      "alice:$y$j9T$hash:20001:20001:A:/home/alice:/bin/sh",
      "alice:x:0:20001:A:/home/alice:/bin/sh",
      "alice:x:20001:0:A:/home/alice:/bin/sh",
      "alice:x:00:20001:A:/home/alice:/bin/sh",
      "alice:x:4294967295:20001:A:/home/alice:/bin/sh",
      "alice:x:4294967296:20001:A:/home/alice:/bin/sh",
      "alice:x:-1:20001:A:/home/alice:/bin/sh",
      "alice:x:20001x:20001:A:/home/alice:/bin/sh",
      "alice:x::20001:A:/home/alice:/bin/sh",
      "alice:x:20001:20001:A:home:/bin/sh",
      "alice:x:20001:20001:A:/home/../etc:/bin/sh",
      "alice:x:20001:20001:A::/bin/sh",
      "alice:x:20001:20001:A:/home/alice:",
      "alice:x:20001:20001:A\n:/home/alice:/bin/sh",
      "alice:x:20001:20001:A\0:/home/alice:/bin/sh"s,
  };
  for (const std::string& line : lines) {
    ASSERT_NO_FATAL_FAILURE(test::write_cdb(path_, {{"=alice", line}}));
    IndexedAccount account;
    account.name = "untouched";
    EXPECT_EQ(find("alice", account), EBADMSG) << line;
    EXPECT_EQ(account.name, "untouched") << line;
  }
}

TEST_F(AccountIndex, RefusesALineUnderAnotherUid) {
  ASSERT_NO_FATAL_FAILURE(test::write_cdb(path_, {{"#20009", kAlice}, {"#0", kAlice}}));
  IndexedAccount account;
  EXPECT_EQ(find(20009U, account), EBADMSG);
  EXPECT_EQ(find(0U, account), ENOENT);
}

TEST_F(AccountIndex, AsksForALargerBufferUntilTheLineFits) {
  ASSERT_NO_FATAL_FAILURE(test::write_cdb(path_, {{"=alice", kAlice}}));
  IndexedAccount account;
  for (size_t size = 0; size < sizeof kAlice; ++size) {
    EXPECT_EQ(find_account(path_.c_str(), "alice", std::span(buffer_).first(size), account),
              ERANGE);
  }
  EXPECT_EQ(find_account(path_.c_str(), "alice", std::span(buffer_).first(sizeof kAlice), account),
            0);
}

TEST_F(AccountIndex, DamageNeverMakesAnotherAccount) {
  ASSERT_NO_FATAL_FAILURE(test::write_cdb(path_, {{"=alice", kAlice}, {"#20001", kAlice}}));
  const std::string whole = test::read_file(path_);
  for (size_t i = 0; i < whole.size(); ++i) {
    for (int damage : {0xff, 0x80, 0x01}) {
      std::string damaged = whole;
      damaged[i] = static_cast<char>(damaged[i] ^ damage);
      ASSERT_NO_FATAL_FAILURE(test::write_file(path_, damaged));
      IndexedAccount account;
      int error = find("alice", account);
      EXPECT_THAT(error, testing::AnyOf(0, ENOENT, EBADMSG)) << i;
      if (error == 0) {
        EXPECT_EQ(account.name, "alice") << i;
        EXPECT_NE(account.uid, 0U) << i;
        EXPECT_NE(account.gid, 0U) << i;
      }
      error = find(20001U, account);
      EXPECT_THAT(error, testing::AnyOf(0, ENOENT, EBADMSG)) << i;
      if (error == 0) {
        EXPECT_EQ(account.uid, 20001U) << i;
      }
    }
  }
}

}  // namespace
}  // namespace labgpu
