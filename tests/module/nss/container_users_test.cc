// The users of containers, when Docker remaps their ids: names to look at, and nobody to log in as.
#include <errno.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/module/nss/fixture.h"

namespace labgpu {
namespace {

constexpr ContainerIds kIds{.first_uid = 100000, .first_gid = 200000, .uids = 65536, .gids = 65536};

class ContainerUsers : public test::NssTest {
 protected:
  ContainerUsers() { write_index_of(test::three_accounts(), kIds); }

  nss_status by_uid(uid_t uid) {
    return module_.getpwuid_r(uid, &account_, buffer_, sizeof buffer_, &error_);
  }
  nss_status by_name(const char* name) {
    return module_.getpwnam_r(name, &account_, buffer_, sizeof buffer_, &error_);
  }
  nss_status group_by_gid(gid_t gid) {
    return module_.getgrgid_r(gid, &group_, buffer_, sizeof buffer_, &error_);
  }

  passwd account_{};
  group group_{};
  spwd secret_{};
  char buffer_[1024] = {};
  int error_ = 0;
};

TEST_F(ContainerUsers, HaveNames) {
  ASSERT_EQ(by_uid(120001), NSS_STATUS_SUCCESS);
  EXPECT_STREQ(account_.pw_name, "alice+container");
  EXPECT_EQ(account_.pw_uid, 120001U);
  EXPECT_EQ(account_.pw_gid, 220001U);
  ASSERT_EQ(group_by_gid(220001), NSS_STATUS_SUCCESS);
  EXPECT_STREQ(group_.gr_name, "alice+container");
  EXPECT_EQ(group_.gr_mem[0], nullptr);
}

TEST_F(ContainerUsers, RootIsNoPersons) {
  ASSERT_EQ(by_uid(100000), NSS_STATUS_SUCCESS);
  EXPECT_STREQ(account_.pw_name, "root+container");
  EXPECT_EQ(account_.pw_uid, 100000U);
  ASSERT_EQ(group_by_gid(200000), NSS_STATUS_SUCCESS);
  EXPECT_STREQ(group_.gr_name, "root+container");
}

TEST_F(ContainerUsers, HaveNoPasswordAndNoShell) {
  for (uid_t uid : {100000U, 120001U, 120002U}) {
    ASSERT_EQ(by_uid(uid), NSS_STATUS_SUCCESS);
    EXPECT_STREQ(account_.pw_passwd, "*");
    EXPECT_STREQ(account_.pw_shell, "/usr/sbin/nologin");
    EXPECT_STREQ(account_.pw_dir, "/nonexistent");
  }
}

TEST_F(ContainerUsers, AreNobodyByName) {
  for (const char* name : {"alice+container", "root+container"}) {
    EXPECT_EQ(by_name(name), NSS_STATUS_NOTFOUND);
    EXPECT_EQ(error_, ENOENT);
    EXPECT_EQ(module_.getgrnam_r(name, &group_, buffer_, sizeof buffer_, &error_),
              NSS_STATUS_NOTFOUND);
    EXPECT_EQ(module_.getspnam_r(name, &secret_, buffer_, sizeof buffer_, &error_),
              NSS_STATUS_NOTFOUND);
  }
}

TEST_F(ContainerUsers, AreNotListed) {
  module_.setpwent(0);
  auto names = test::read_walk(
      [&](char* buffer, size_t size, int* error) {
        return module_.getpwent_r(&account_, buffer, size, error);
      },
      [&] { return account_.pw_name; });
  EXPECT_THAT(names, testing::ElementsAre("alice", "bob", "carol"));
}

TEST_F(ContainerUsers, ChangeNothingForAccounts) {
  ASSERT_EQ(by_uid(20001), NSS_STATUS_SUCCESS);
  EXPECT_STREQ(account_.pw_name, "alice");
  EXPECT_EQ(by_uid(20001 + 65536), NSS_STATUS_NOTFOUND);
}

}  // namespace
}  // namespace labgpu
