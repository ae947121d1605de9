// A missing, truncated or damaged index: no answer or a proper one, never a crash, never root.
#include <errno.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "common/paths.h"
#include "tests/module/nss/fixture.h"
#include "tests/support/cdb_file.h"
#include "tests/support/temporary_directory.h"

namespace labgpu {
namespace {

using testing::AnyOf;

class Damage : public test::NssTest {
 protected:
  // Asks everything there is to ask about alice; returns how many questions were answered.
  int ask_everything() {
    int answers = 0;
    auto check = [&](nss_status status) {
      if (status == NSS_STATUS_SUCCESS) {
        ++answers;
        return true;
      }
      EXPECT_THAT(status, AnyOf(NSS_STATUS_NOTFOUND, NSS_STATUS_UNAVAIL, NSS_STATUS_TRYAGAIN));
      if (status == NSS_STATUS_TRYAGAIN) {
        EXPECT_EQ(error_, ERANGE) << "a damaged size";
      }
      return false;
    };
    char* buffer = memory_.data();
    size_t size = memory_.size();
    passwd account{};
    if (check(module_.getpwnam_r("alice", &account, buffer, size, &error_))) {
      EXPECT_STREQ(account.pw_name, "alice");
      EXPECT_NE(account.pw_uid, 0U);
      EXPECT_NE(account.pw_gid, 0U);
    }
    if (check(module_.getpwuid_r(20001, &account, buffer, size, &error_))) {
      EXPECT_EQ(account.pw_uid, 20001U);
    }
    group members{};
    if (check(module_.getgrnam_r("labgpu", &members, buffer, size, &error_))) {
      EXPECT_STREQ(members.gr_name, "labgpu");
      EXPECT_NE(members.gr_gid, 0U);
    }
    if (check(module_.getgrgid_r(20001, &members, buffer, size, &error_))) {
      EXPECT_EQ(members.gr_gid, 20001U);
    }
    spwd secret{};
    if (check(module_.getspnam_r("alice", &secret, buffer, size, &error_))) {
      EXPECT_STREQ(secret.sp_namp, "alice");
    }
    ask_initgroups(check);
    walk_all(check);
    return answers;
  }

  template <typename Check>
  void ask_initgroups(Check check) {
    long start = 0;
    long room = 1;
    auto* groups = static_cast<gid_t*>(calloc(1, sizeof(gid_t)));
    check(module_.initgroups_dyn("alice", 20001, &start, &room, &groups, 0, &error_));
    for (long i = 0; i < start; ++i) EXPECT_NE(groups[i], 0U);
    free(groups);
  }

  template <typename Check>
  void walk_all(Check check) {
    passwd account{};
    group members{};
    spwd secret{};
    module_.setpwent(0);
    module_.setgrent(0);
    module_.setspent(0);
    char* buffer = memory_.data();
    size_t size = memory_.size();
    int steps = 0;
    while (check(module_.getpwent_r(&account, buffer, size, &error_))) ASSERT_LT(++steps, 100);
    while (check(module_.getgrent_r(&members, buffer, size, &error_))) ASSERT_LT(++steps, 100);
    while (check(module_.getspent_r(&secret, buffer, size, &error_))) ASSERT_LT(++steps, 100);
  }

  static std::vector<std::string> indexes() { return {kPasswdIndex, kGroupIndex, kShadowIndex}; }

  // An index as it was in the constructor answers this many.
  static constexpr int kAllAnswers = 6 + 3 + 4 + 3;
  std::vector<char> memory_ = std::vector<char>(4096);
  int error_ = 0;
};

TEST_F(Damage, NoneAnswersAll) { EXPECT_EQ(ask_everything(), kAllAnswers); }

TEST_F(Damage, AMissingIndexHoldsNobody) {
  for (const std::string& index : indexes()) ASSERT_TRUE(std::filesystem::remove(index));
  EXPECT_EQ(ask_everything(), 0);
  passwd account{};
  EXPECT_EQ(module_.getpwnam_r("alice", &account, memory_.data(), memory_.size(), &error_),
            NSS_STATUS_NOTFOUND);
  EXPECT_EQ(error_, ENOENT);
}

TEST_F(Damage, AnythingButAnIndexIsUnavailable) {
  passwd account{};
  auto ask = [&] {
    return module_.getpwnam_r("alice", &account, memory_.data(), memory_.size(), &error_);
  };
  ASSERT_NO_FATAL_FAILURE(test::write_file(kPasswdIndex, ""));
  EXPECT_EQ(ask(), NSS_STATUS_UNAVAIL);
  EXPECT_EQ(error_, EBADMSG);
  ASSERT_NO_FATAL_FAILURE(test::write_file(kPasswdIndex, std::string(100000, 'x')));
  EXPECT_EQ(ask(), NSS_STATUS_UNAVAIL);
  ASSERT_TRUE(std::filesystem::remove(kPasswdIndex));
  ASSERT_EQ(mkfifo(kPasswdIndex, 0644), 0);
  EXPECT_EQ(ask(), NSS_STATUS_UNAVAIL) << "and it did not wait for a writer";
  ASSERT_TRUE(std::filesystem::remove(kPasswdIndex));
  ASSERT_TRUE(std::filesystem::create_directory(kPasswdIndex));
  EXPECT_EQ(ask(), NSS_STATUS_UNAVAIL);
  ASSERT_TRUE(std::filesystem::remove(kPasswdIndex));
}

TEST_F(Damage, SurvivesTruncation) {
  for (const std::string& index : indexes()) {
    const std::string whole = test::read_file(index);
    for (size_t size = 0; size < whole.size(); size += size < 2000 ? 97 : 1) {
      SCOPED_TRACE(index + " cut to " + std::to_string(size));
      ASSERT_NO_FATAL_FAILURE(test::write_file(index, whole.substr(0, size)));
      EXPECT_LT(ask_everything(), kAllAnswers);
    }
    ASSERT_NO_FATAL_FAILURE(test::write_file(index, whole));
  }
}

TEST_F(Damage, SurvivesEveryFlippedByte) {
  for (const std::string& index : indexes()) {
    const std::string whole = test::read_file(index);
    for (size_t i = 0; i < whole.size(); ++i) {
      SCOPED_TRACE(index + " byte " + std::to_string(i));
      std::string damaged = whole;
      damaged[i] = static_cast<char>(damaged[i] ^ 0xff);
      ASSERT_NO_FATAL_FAILURE(test::write_file(index, damaged));
      ask_everything();
    }
    ASSERT_NO_FATAL_FAILURE(test::write_file(index, whole));
  }
}

TEST_F(Damage, RefusesOddLines) {
  group members{};
  for (const char* line : {"labgpu:x:0:alice", "labgpu:x:20000:alice,", "labgpu:x:20000:,alice",
                           "labgpu:x:20000:a,,b", "labgpu:x:20000:../x", "labgpu::20000:alice",
                           "other:x:20000:alice", "labgpu:x:20000", "labgpu:x:20000:a:b"}) {
    ASSERT_NO_FATAL_FAILURE(test::write_cdb(kGroupIndex, {{"=labgpu", line}}));
    EXPECT_EQ(module_.getgrnam_r("labgpu", &members, memory_.data(), memory_.size(), &error_),
              NSS_STATUS_UNAVAIL)
        << line;
  }
  ASSERT_NO_FATAL_FAILURE(test::write_cdb(kGroupIndex, {{"#20009", "labgpu:x:20000:"}}));
  EXPECT_EQ(module_.getgrgid_r(20009, &members, memory_.data(), memory_.size(), &error_),
            NSS_STATUS_UNAVAIL);
  spwd secret{};
  for (const char* line : {"alice:*", "alice:*:x::::::", "alice:*:-1::::::", "bob:*:::::::",
                           "alice:*::::::::", "alice:*:::::::x"}) {
    ASSERT_NO_FATAL_FAILURE(test::write_cdb(kShadowIndex, {{"=alice", line}}));
    EXPECT_EQ(module_.getspnam_r("alice", &secret, memory_.data(), memory_.size(), &error_),
              NSS_STATUS_UNAVAIL)
        << line;
  }
}

TEST_F(Damage, ReadsTheNumbersOfAShadowLine) {
  ASSERT_NO_FATAL_FAILURE(
      test::write_cdb(kShadowIndex, {{"=alice", "alice:*:19000:0:90:7:5:30000:1"}}));
  spwd secret{};
  ASSERT_EQ(module_.getspnam_r("alice", &secret, memory_.data(), memory_.size(), &error_),
            NSS_STATUS_SUCCESS);
  EXPECT_EQ(secret.sp_lstchg, 19000);
  EXPECT_EQ(secret.sp_min, 0);
  EXPECT_EQ(secret.sp_max, 90);
  EXPECT_EQ(secret.sp_warn, 7);
  EXPECT_EQ(secret.sp_inact, 5);
  EXPECT_EQ(secret.sp_expire, 30000);
  EXPECT_EQ(secret.sp_flag, 1U);
}

}  // namespace
}  // namespace labgpu
