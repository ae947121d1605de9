// setXXent, getXXent_r, endXXent: every account once, whatever happens to the index meanwhile.
#include <errno.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "common/paths.h"
#include "tests/module/nss/fixture.h"
#include "tests/support/cdb_file.h"
#include "tests/support/temporary_directory.h"

namespace labgpu {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Enumeration : public test::NssTest {
 protected:
  Enumeration() {
    module_.setpwent(0);
    module_.setgrent(0);
    module_.setspent(0);
  }

  std::vector<std::string> rest_of_passwd() {
    passwd entry{};
    return test::read_walk(
        [&](char* buffer, size_t size, int* error) {
          return module_.getpwent_r(&entry, buffer, size, error);
        },
        [&] { return entry.pw_name; });
  }
  std::vector<std::string> rest_of_group() {
    group entry{};
    return test::read_walk(
        [&](char* buffer, size_t size, int* error) {
          return module_.getgrent_r(&entry, buffer, size, error);
        },
        [&] { return entry.gr_name; });
  }
  std::vector<std::string> rest_of_shadow() {
    spwd entry{};
    return test::read_walk(
        [&](char* buffer, size_t size, int* error) {
          return module_.getspent_r(&entry, buffer, size, error);
        },
        [&] { return entry.sp_namp; });
  }
  // The next account's name, or "" with the status checked to be the end.
  std::string next_passwd() {
    std::vector<char> buffer(4096);
    passwd entry{};
    int error = 0;
    nss_status status = module_.getpwent_r(&entry, buffer.data(), buffer.size(), &error);
    if (status == NSS_STATUS_SUCCESS) return entry.pw_name;
    EXPECT_EQ(status, NSS_STATUS_NOTFOUND);
    return "";
  }
};

TEST_F(Enumeration, AnswersEachEntryOnceInOrder) {
  EXPECT_THAT(rest_of_passwd(), ElementsAre("alice", "bob", "carol"));
  EXPECT_THAT(rest_of_passwd(), IsEmpty()) << "the end stays the end";
  EXPECT_THAT(rest_of_group(), ElementsAre("labgpu", "alice", "bob", "carol"));
  EXPECT_THAT(rest_of_shadow(), ElementsAre("alice", "bob", "carol"));
}

TEST_F(Enumeration, AnswersWholeEntries) {
  std::vector<char> buffer(4096);
  passwd entry{};
  int error = 0;
  ASSERT_EQ(module_.getpwent_r(&entry, buffer.data(), buffer.size(), &error), NSS_STATUS_SUCCESS);
  EXPECT_EQ(entry.pw_uid, 20001U);
  EXPECT_STREQ(entry.pw_dir, "/home/alice");
  group members{};
  ASSERT_EQ(module_.getgrent_r(&members, buffer.data(), buffer.size(), &error), NSS_STATUS_SUCCESS);
  EXPECT_STREQ(members.gr_mem[2], "carol");
  spwd secret{};
  ASSERT_EQ(module_.getspent_r(&secret, buffer.data(), buffer.size(), &error), NSS_STATUS_SUCCESS);
  EXPECT_STREQ(secret.sp_pwdp, test::kHash);
}

TEST_F(Enumeration, BeginsAnewAfterSetAndEnd) {
  EXPECT_EQ(next_passwd(), "alice");
  EXPECT_EQ(module_.setpwent(1), NSS_STATUS_SUCCESS);
  EXPECT_EQ(next_passwd(), "alice");
  EXPECT_EQ(next_passwd(), "bob");
  EXPECT_EQ(module_.endpwent(), NSS_STATUS_SUCCESS);
  EXPECT_EQ(next_passwd(), "alice");
}

TEST_F(Enumeration, TheWalksAreIndependent) {
  EXPECT_EQ(next_passwd(), "alice");
  EXPECT_THAT(rest_of_group(), ElementsAre("labgpu", "alice", "bob", "carol"));
  EXPECT_THAT(rest_of_shadow(), ElementsAre("alice", "bob", "carol"));
  passwd entry{};
  std::vector<char> buffer(4096);
  int error = 0;
  ASSERT_EQ(module_.getpwnam_r("carol", &entry, buffer.data(), buffer.size(), &error),
            NSS_STATUS_SUCCESS);
  EXPECT_EQ(next_passwd(), "bob");
}

TEST_F(Enumeration, GivesTheSameEntryAgainAfterErange) {
  EXPECT_EQ(next_passwd(), "alice");
  passwd entry{};
  char small[8];
  int error = 0;
  ASSERT_EQ(module_.getpwent_r(&entry, small, sizeof small, &error), NSS_STATUS_TRYAGAIN);
  EXPECT_EQ(error, ERANGE);
  EXPECT_EQ(next_passwd(), "bob");
}

TEST_F(Enumeration, KeepsNoDescriptor) {
  size_t before = test::open_descriptors();
  EXPECT_EQ(module_.setpwent(1), NSS_STATUS_SUCCESS);
  EXPECT_EQ(next_passwd(), "alice");
  EXPECT_EQ(test::open_descriptors(), before);
}

TEST_F(Enumeration, GoesOnInAReplacedIndex) {
  EXPECT_EQ(next_passwd(), "alice");
  EXPECT_EQ(next_passwd(), "bob");
  auto accounts = test::three_accounts();
  accounts.erase(accounts.begin());  // one that was answered already
  accounts.push_back(test::account("dave", 20004));
  ASSERT_NO_FATAL_FAILURE(write_index_of(accounts));
  EXPECT_THAT(rest_of_passwd(), ElementsAre("carol", "dave"));
}

TEST_F(Enumeration, EndsWhenTheLastOneAnsweredIsRemoved) {
  EXPECT_EQ(next_passwd(), "alice");
  auto accounts = test::three_accounts();
  accounts.erase(accounts.begin());
  ASSERT_NO_FATAL_FAILURE(write_index_of(accounts));
  EXPECT_EQ(next_passwd(), "");
  EXPECT_EQ(module_.setpwent(0), NSS_STATUS_SUCCESS);
  EXPECT_THAT(rest_of_passwd(), ElementsAre("bob", "carol"));
}

TEST_F(Enumeration, EndsWhenTheIndexIsGone) {
  EXPECT_EQ(next_passwd(), "alice");
  ASSERT_TRUE(std::filesystem::remove(kPasswdIndex));
  EXPECT_EQ(next_passwd(), "");
}

TEST_F(Enumeration, NeverWalksInCircles) {
  const std::string alice = "alice:x:20001:20001::/home/alice:/bin/sh";
  const std::string bob = "bob:x:20002:20002::/home/bob:/bin/sh";
  ASSERT_NO_FATAL_FAILURE(
      test::write_cdb(kPasswdIndex, {{"=alice", alice}, {"=bob", bob}, {"=alice", alice}}));
  EXPECT_EQ(next_passwd(), "alice");
  EXPECT_EQ(next_passwd(), "bob");
  passwd entry{};
  std::vector<char> buffer(4096);
  int error = 0;
  EXPECT_EQ(module_.getpwent_r(&entry, buffer.data(), buffer.size(), &error), NSS_STATUS_UNAVAIL)
      << "the second alice leads back to the first";
  EXPECT_EQ(error, EBADMSG);
}

}  // namespace
}  // namespace labgpu
