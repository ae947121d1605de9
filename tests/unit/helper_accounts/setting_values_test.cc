// Single values: sizes, CPUs, GPUs, mounts, capabilities.
#include <gmock/gmock.h>

#include "helper/setting_capabilities.h"
#include "helper/setting_gpus.h"
#include "helper/setting_mounts.h"
#include "helper/settings_values.h"
#include "tests/support/temporary_directory.h"

namespace labgpu {
namespace {

using testing::HasSubstr;

TEST(ParseSize, Units) {
  EXPECT_EQ(parse_size("1048576"), 1U << 20);
  EXPECT_EQ(parse_size("1024k"), 1U << 20);
  EXPECT_EQ(parse_size("64M"), 64U << 20);
  EXPECT_EQ(parse_size("8G"), uint64_t{8} << 30);
  EXPECT_EQ(parse_size("1t"), uint64_t{1} << 40);
  EXPECT_FALSE(parse_size("1025t"));
}

TEST(ParseMemory, DockersLeastAndNone) {
  EXPECT_EQ(parse_memory("6m"), 6U << 20);
  EXPECT_EQ(parse_memory("none"), 0U);
  EXPECT_FALSE(parse_memory("6143k"));
  EXPECT_FALSE(parse_memory("0"));
}

TEST(ParseCpus, InThousandths) {
  const std::vector<std::pair<const char*, uint32_t>> right = {
      {"4", 4000}, {"2.5", 2500}, {"0.01", 10}, {"0.125", 125}, {"none", 0}, {"1.0", 1000}};
  for (const auto& [text, milli] : right) EXPECT_EQ(parse_cpus(text), milli) << text;
  for (uint32_t milli : {10U, 125U, 1000U, 2500U, 64000U}) {
    EXPECT_EQ(parse_cpus(cpus_text(milli)), milli);
  }
}

TEST(ParseGpus, EveryForm) {
  using Kind = GpuChoice::Kind;
  auto kind = [](const char* text) { return parse_gpus(text).value().kind; };
  EXPECT_EQ(kind("auto"), Kind::kAuto);
  EXPECT_EQ(kind("all"), Kind::kAll);
  EXPECT_EQ(kind("none"), Kind::kNone);
  EXPECT_EQ(parse_gpus("count:2")->count, 2U);
  const char* uuids =
      "GPU-5b1c1c2e-55c9-4a9c-a0c3-aaaaaaaaaaaa,MIG-b3f1b2b0-5b1c-5c3a-9b0e-bbbbbbbbbbbb,0:1";
  for (const char* text : {"0", "0,1", "7", uuids, "MIG-GPU-5b1c1c2e/1/0"}) {
    auto gpus = parse_gpus(text);
    ASSERT_TRUE(gpus) << text;
    EXPECT_EQ(gpus->kind, Kind::kDevices);
    EXPECT_EQ(to_text(*gpus), text);
  }
  for (const char* text : {"", "2 3", "0,", ",0", "00", "-1", "128", "0,0", "GPU-", "GPU-x y",
                           "0:", "0:1:2", "count:", "count:-1", "count:129", "ALL", "cdi"}) {
    EXPECT_FALSE(parse_gpus(text)) << text;
  }
}

std::string refusal(const char* mount, const std::vector<std::string>& also = {}) {
  auto checked = check_mount_source(parse_mount(mount).value(), also);
  return checked ? "accepted" : checked.error().message;
}

TEST(MountSources, TheServersOwnIsNotShown) {
  for (const char* own : {"/",
                          "/etc",
                          "/etc/ssh",
                          "/proc",
                          "/proc/1",
                          "/sys",
                          "/dev",
                          "/dev/sda",
                          "/run",
                          "/run/docker.sock",
                          "/var/run/docker.sock",
                          "/var/lib/docker",
                          "/var/lib/docker/volumes",
                          "/var/lib",
                          "/var",
                          "/var/lib/labgpu",
                          "/var/lib/labgpu/users",
                          "/root",
                          "/boot",
                          "/home",
                          "/usr",
                          "/usr/local/bin",
                          "/lib"}) {
    EXPECT_THAT(refusal((std::string(own) + ":/x").c_str()), HasSubstr("can")) << own;
    EXPECT_NE(refusal((std::string(own) + ":/x").c_str()), "accepted") << own;
  }
  EXPECT_THAT(refusal("/etc:/x:ro"),
              HasSubstr("it is the server's own; what may be mounted is directories of data"));
  EXPECT_THAT(refusal("/var:/x"), HasSubstr(" is in it"));
  EXPECT_THAT(refusal("/etc/ssh:/x"), HasSubstr("it is in /etc"));
  for (const char* data : {"/data", "/srv/models", "/etcetera", "/home/shared", "/var/data",
                           "/usr/share/data:/x:ro", "/mnt", "/opt/tools"}) {
    EXPECT_EQ(refusal(data), "accepted");
  }
}

TEST(MountSources, DockersOwnPlaceCountsToo) {
  EXPECT_THAT(refusal("/data", {"/data/docker"}), HasSubstr("/data/docker is in it"));
  EXPECT_THAT(refusal("/data/docker/x", {"/data/docker"}), HasSubstr("it is in /data/docker"));
  EXPECT_EQ(refusal("/data/docker2", {"/data/docker"}), "accepted");
}

TEST(MountSources, LinksAreNamed) {
  test::TemporaryDirectory directory;
  auto link = directory / "link";
  std::filesystem::create_directory_symlink("/etc", link);
  auto checked = check_mount_links({link, "/x", false});
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message, HasSubstr("it leads to /etc"));
  EXPECT_FALSE(check_mount_links({link + "/ssh", "/x", false}));
  EXPECT_TRUE(check_mount_links({directory.path(), "/x", false}));
  EXPECT_TRUE(check_mount_links({directory / "absent", "/x", false}));
}

TEST(MountTargets, NothingHidesTheSystemOrTheHome) {
  for (const char* bad :
       {"/", "/tmp", "/.labgpu", "/.labgpu/bin", "/etc", "/usr", "/proc/sys", "/dev/shm", "/sys",
        "/var", "/home", "/home/alice", "/etc/passwd", "/etc/group"}) {
    EXPECT_FALSE(check_mount_target(bad, "/home/alice")) << bad;
  }
  for (const char* good :
       {"/data", "/home/alice/data", "/home/shared", "/usr/local/cuda", "/opt", "/etc/krb5.conf"}) {
    EXPECT_TRUE(check_mount_target(good, "/home/alice")) << good;
  }
}

TEST(Capabilities, NamesInAnyForm) {
  for (const char* text : {"SYS_PTRACE", "CAP_SYS_PTRACE", "sys_ptrace", "cap_sys_ptrace"}) {
    EXPECT_EQ(parse_capability(text), "SYS_PTRACE");
  }
  EXPECT_EQ(parse_capability("all"), "ALL");
  EXPECT_FALSE(parse_capability("CAP_"));
}

TEST(Capabilities, WhatReachesTheServerHasToBeAllowed) {
  for (const char* name :
       {"SYS_ADMIN", "SYS_MODULE", "DAC_READ_SEARCH", "NET_ADMIN", "ALL", "BPF"}) {
    auto checked = check_added_capabilities({name}, {});
    ASSERT_FALSE(checked) << name;
    EXPECT_THAT(checked.error().message, HasSubstr("\"allowCapabilities\""));
    const std::string allowed[] = {name};
    EXPECT_TRUE(check_added_capabilities({name}, allowed));
  }
  const std::string everything[] = {"ALL"};
  EXPECT_TRUE(check_added_capabilities({"SYS_ADMIN"}, everything));
  EXPECT_TRUE(check_added_capabilities({"SYS_PTRACE", "IPC_LOCK", "CHOWN"}, {}));
}

TEST(Capabilities, WhatALoginNeedsStays) {
  for (const char* name : {"ALL", "SETUID", "SETGID", "CHOWN"}) {
    EXPECT_FALSE(check_dropped_capabilities({name})) << name;
  }
  EXPECT_TRUE(check_dropped_capabilities({"MKNOD", "NET_RAW", "AUDIT_WRITE"}));
}

}  // namespace
}  // namespace labgpu
