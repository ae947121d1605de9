// Other NSS sources: how nsswitch.conf is read, and what this machine has.
#include "helper/host_names.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <string>

#include "helper/admin_group.h"
#include "tests/support/temporary_directory.h"

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
  EXPECT_EQ(find_host_group("daemon").value(), std::optional<gid_t>(1));
  EXPECT_EQ(find_host_group("no-such-name-here").value(), std::nullopt);
  EXPECT_STREQ(getenv("SYSTEMD_BYPASS_USERDB"), "org.labgpu");
}

TEST(HostNames, AChangedFileCountsWhenItIsReadAgain) {
  test::TemporaryDirectory directory;
  auto look_up_by = [&](const std::string& source) {
    std::ofstream(directory / "nsswitch.conf")
        << "passwd: " << source << "\ngroup: " << source << "\n";
    EXPECT_TRUE(leave_labgpu_out_of_nss(directory / "nsswitch.conf"));
    return NssHostNames().has_name("daemon") == true;
  };
  EXPECT_FALSE(look_up_by("no-such-source"));
  EXPECT_TRUE(look_up_by("files labgpu"));
}

TEST(AdminGroup, IsWhatTheServerSaysUnlessItIsLabgpusToGive) {
  const IdRange ids{20000, 20100};
  EXPECT_EQ(usable_admin_group(std::optional<gid_t>(997), ids), 997U);
  EXPECT_EQ(usable_admin_group(std::optional<gid_t>(19999), ids), 19999U);
  EXPECT_EQ(usable_admin_group(std::optional<gid_t>(20101), ids), 20101U);
  EXPECT_EQ(usable_admin_group(std::optional<gid_t>(), ids), std::nullopt);
  EXPECT_EQ(usable_admin_group(fail(ErrorCode::kSystem, "LDAP is away"), ids), std::nullopt);
  for (gid_t taken : {20000U, 20001U, 20100U}) {
    EXPECT_EQ(usable_admin_group(std::optional<gid_t>(taken), ids), std::nullopt) << taken;
  }
}

}  // namespace
}  // namespace labgpu
