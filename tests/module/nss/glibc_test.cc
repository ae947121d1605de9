// The module behind glibc itself: getpwnam(3), getgrouplist(3) and the rest with "labgpu"
// configured.
#include <errno.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <nss.h>
#include <pwd.h>
#include <shadow.h>

#include <string>
#include <vector>

#include "common/paths.h"
#include "tests/module/nss/fixture.h"
#include "tests/support/temporary_directory.h"

namespace labgpu {
namespace {

using testing::ElementsAre;

// Files come first, as on a server. glibc opens the module by its SONAME, and nss_module() has
// loaded the built one under that name already.
class Glibc : public test::NssTest {
 protected:
  Glibc() {
    static const bool kConfigured = [] {
      for (const char* database : {"passwd", "group", "shadow"}) {
        EXPECT_EQ(__nss_configure_lookup(database, "files labgpu"), 0) << database;
      }
      return true;
    }();
    EXPECT_TRUE(kConfigured);
  }
};

TEST_F(Glibc, FindsAccounts) {
  const passwd* alice = getpwnam("alice");
  ASSERT_NE(alice, nullptr);
  EXPECT_EQ(alice->pw_uid, 20001U);
  EXPECT_STREQ(alice->pw_shell, "/usr/libexec/labgpu/labgpu-session");
  const passwd* bob = getpwuid(20002);
  ASSERT_NE(bob, nullptr);
  EXPECT_STREQ(bob->pw_name, "bob");
  const spwd* secret = getspnam("alice");
  ASSERT_NE(secret, nullptr);
  EXPECT_STREQ(secret->sp_pwdp, test::kHash);
}

TEST_F(Glibc, LeavesOtherAccountsAlone) {
  const passwd* root = getpwnam("root");
  ASSERT_NE(root, nullptr);
  EXPECT_EQ(root->pw_uid, 0U);
  errno = 0;
  EXPECT_EQ(getpwnam("nobody-of-that-name"), nullptr);
  EXPECT_EQ(errno, 0) << "not found, and not an error";
}

TEST_F(Glibc, EnlargesItsBufferForALargeGroup) {
  std::vector<Account> accounts;
  for (uint32_t i = 1; i <= 2000; ++i) {
    accounts.push_back(test::account("account-number-" + std::to_string(i), 20000 + i));
  }
  ASSERT_NO_FATAL_FAILURE(write_index_of(accounts));
  const group* all = getgrnam("labgpu");
  ASSERT_NE(all, nullptr);
  size_t members = 0;
  while (all->gr_mem[members] != nullptr) ++members;
  EXPECT_EQ(members, 2000U);
  EXPECT_STREQ(all->gr_mem[1999], "account-number-2000");
}

TEST_F(Glibc, ListsTheGroupsOfAnAccount) {
  std::vector<gid_t> groups(16);
  int count = static_cast<int>(groups.size());
  ASSERT_GE(getgrouplist("alice", 20001, groups.data(), &count), 0);
  groups.resize(static_cast<size_t>(count));
  EXPECT_THAT(groups, ElementsAre(20001, test::kGroup));
}

TEST_F(Glibc, SaysHowManyGroupsThereAreWhenTheArrayIsTooSmall) {
  gid_t one = 0;
  int count = 1;
  EXPECT_EQ(getgrouplist("alice", 20001, &one, &count), -1);
  EXPECT_EQ(count, 2);
}

TEST_F(Glibc, EnumeratesAfterTheLocalAccounts) {
  std::vector<std::string> names;
  setpwent();
  while (const passwd* entry = getpwent()) names.emplace_back(entry->pw_name);
  endpwent();
  ASSERT_GT(names.size(), 3U);
  EXPECT_EQ(names.front(), "root");
  EXPECT_THAT(std::vector<std::string>(names.end() - 3, names.end()),
              ElementsAre("alice", "bob", "carol"));
}

TEST_F(Glibc, ADamagedIndexHidesNoLocalAccount) {
  for (const char* index : {kPasswdIndex, kGroupIndex, kShadowIndex}) {
    ASSERT_NO_FATAL_FAILURE(test::write_file(index, std::string(5000, '\xff')));
  }
  EXPECT_EQ(getpwnam("alice"), nullptr);
  EXPECT_NE(getpwnam("root"), nullptr);
  EXPECT_NE(getgrgid(0), nullptr);
  std::vector<gid_t> groups(64);
  int count = static_cast<int>(groups.size());
  EXPECT_GE(getgrouplist("root", 0, groups.data(), &count), 1);
}

}  // namespace
}  // namespace labgpu
