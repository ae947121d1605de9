// The module behind nss_wrapper, as the tests of programs that call NSS load it.
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/module/nss/fixture.h"

namespace labgpu {
namespace {

using testing::ElementsAre;

// A preloaded library and its settings are read when a program starts: start it again with them.
// glibc gives constructors the arguments of main().
__attribute__((constructor)) void start_wrapped(int, char** arguments, char**) {
  if (getenv("NSS_WRAPPER_MODULE_SO_PATH") != nullptr) return;
  setenv("NSS_WRAPPER_MODULE_SO_PATH", LABGPU_NSS_MODULE, 1);
  setenv("NSS_WRAPPER_MODULE_FN_PREFIX", "labgpu", 1);
  setenv("NSS_WRAPPER_PASSWD", "/etc/passwd", 1);
  setenv("NSS_WRAPPER_GROUP", "/etc/group", 1);
  setenv("LD_PRELOAD", LABGPU_NSS_WRAPPER, 1);
  // The address sanitiser wants to be the first library, and cannot follow RTLD_DEEPBIND.
  setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 1);
  setenv("NSS_WRAPPER_DISABLE_DEEPBIND", "1", 1);
  execv("/proc/self/exe", arguments);
  perror("cannot start under nss_wrapper");
  _exit(1);
}

class NssWrapper : public test::NssTest {};

TEST_F(NssWrapper, FindsAccounts) {
  const passwd* alice = getpwnam("alice");
  ASSERT_NE(alice, nullptr);
  EXPECT_EQ(alice->pw_uid, 20001U);
  const passwd* bob = getpwuid(20002);
  ASSERT_NE(bob, nullptr);
  EXPECT_STREQ(bob->pw_name, "bob");
  EXPECT_EQ(getpwnam("nobody-of-that-name"), nullptr);
  EXPECT_NE(getpwnam("root"), nullptr);
}

TEST_F(NssWrapper, FindsGroups) {
  const group* all = getgrnam("labgpu");
  ASSERT_NE(all, nullptr);
  EXPECT_EQ(all->gr_gid, test::kGroup);
  EXPECT_STREQ(all->gr_mem[2], "carol");
  EXPECT_NE(getgrgid(20003), nullptr);
  std::vector<gid_t> groups(16);
  int count = static_cast<int>(groups.size());
  ASSERT_GE(getgrouplist("alice", 20001, groups.data(), &count), 0);
  groups.resize(static_cast<size_t>(count));
  EXPECT_THAT(groups, ElementsAre(20001, test::kGroup));
}

TEST_F(NssWrapper, Enumerates) {
  std::vector<std::string> names;
  setpwent();
  while (const passwd* entry = getpwent()) names.emplace_back(entry->pw_name);
  endpwent();
  EXPECT_THAT(names, testing::IsSupersetOf({"alice", "bob", "carol", "root"}));
}

}  // namespace
}  // namespace labgpu
