// Other NSS sources: how nsswitch.conf is read, and what this machine has.
#include "helper/host_names.h"

#include <gtest/gtest.h>

namespace labgpu {
namespace {

TEST(HostNames, LabgpuAndItsActionAreLeftOut) {
  auto sources = [](const char* line) { return sources_without_labgpu(line, "passwd"); };
  EXPECT_EQ(sources("passwd: files systemd labgpu\n"), "files systemd");
  EXPECT_EQ(sources("passwd:\tfiles labgpu [NOTFOUND=return] sss\n"), "files sss");
  EXPECT_EQ(sources("passwd: files labgpu [ NOTFOUND=return ] sss\n"), "files sss");
  EXPECT_EQ(sources("passwd: files [SUCCESS=return] labgpu sss # x\n"),
            "files [SUCCESS=return] sss");
  EXPECT_EQ(sources("passwd: labgpu [NOTFOUND=return] files\n"), "files");
  EXPECT_EQ(sources("passwd: files [ NOTFOUND=return ] sss\n"), "files [ NOTFOUND=return ] sss");
  EXPECT_EQ(sources("passwd: labgpu\n"), "files");
  EXPECT_EQ(sources("group: files ldap\n"), "files");
  EXPECT_EQ(sources("# passwd: ldap\n  passwd : files nis\npasswd: other\n"), "files nis");
  EXPECT_EQ(sources(""), "files");
}

TEST(HostNames, TheMachinesOwnNamesAreTaken) {
  ASSERT_TRUE(leave_labgpu_out_of_nss());
  NssHostNames host;
  EXPECT_EQ(host.has_name("daemon"), true);  // a user
  EXPECT_EQ(host.has_name("shadow"), true);  // a group
  EXPECT_EQ(host.has_name("no-such-name-here"), false);
  EXPECT_EQ(host.has_id(1), true);
  EXPECT_EQ(host.has_id(54321), false);
}

}  // namespace
}  // namespace labgpu
