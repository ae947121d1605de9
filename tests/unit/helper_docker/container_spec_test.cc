// The body of a create request, whole, and whose a container is.
#include "helper/container_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace labgpu {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

Account alice() {
  Account account;
  account.name = "alice";
  account.uid = account.gid = 20001;
  account.home = "/home/alice";
  return account;
}

Settings plain() {
  return {.image = "lab/image:1",
          .hostname = "alice-VM",
          .container_name = "alice_container",
          .mounts = {{"/data", "/data", false}, {"/srv/sets/alice", "/sets", true}},
          .gpus = Gpus::kAuto,
          .shm_bytes = 1 << 30,
          .restart = RestartPolicy::kUnlessStopped,
          .login = LoginAs::kUser};
}

HostFacts plain_host() { return {GpuAccess::kNone, "json-file", true}; }

json specify(const Settings& settings, const HostFacts& facts) {
  Result<json> made = container_specification(alice(), settings, facts, "50m", "/var/lib/labgpu");
  EXPECT_TRUE(made) << made.error().message;
  return made.value_or(json());
}

TEST(ContainerSpecification, IsThis) {
  const json expected = json::parse(R"({
    "Hostname": "alice-VM",
    "Image": "lab/image:1",
    "Entrypoint": ["/.labgpu/bin/labgpu-init"],
    "Cmd": [],
    "User": "0:0",
    "Tty": false,
    "StopSignal": "SIGTERM",
    "StopTimeout": 10,
    "Labels": {"org.labgpu.user": "alice", "org.labgpu.uid": "20001"},
    "HostConfig": {
      "Init": false,
      "Mounts": [
        {"Type": "bind", "Source": "/home/alice", "Target": "/home/alice", "ReadOnly": false},
        {"Type": "bind", "Source": "/data", "Target": "/data", "ReadOnly": false},
        {"Type": "bind", "Source": "/srv/sets/alice", "Target": "/sets", "ReadOnly": true},
        {"Type": "bind", "Source": "/var/lib/labgpu/containers/alice/tmp", "Target": "/tmp",
         "ReadOnly": false},
        {"Type": "bind", "Source": "/usr/libexec/labgpu/guest", "Target": "/.labgpu/bin",
         "ReadOnly": true},
        {"Type": "bind", "Source": "/var/lib/labgpu/containers/alice/run",
         "Target": "/.labgpu/run", "ReadOnly": false}
      ],
      "RestartPolicy": {"Name": "unless-stopped"},
      "ShmSize": 1073741824,
      "LogConfig": {"Type": "json-file", "Config": {"max-size": "50m"}},
      "Sysctls": {"net.ipv6.conf.lo.disable_ipv6": "0"},
      "Ulimits": [{"Hard": -1, "Name": "core", "Soft": 0}]
    }})");
  json made = specify(plain(), plain_host());
  EXPECT_EQ(made["Labels"]["org.labgpu.spec"].get<std::string>().size(), 16U);
  made["Labels"].erase("org.labgpu.spec");
  EXPECT_EQ(made, expected) << made.dump(2);
}

TEST(ContainerSpecification, HashTellsSettingsApartAndStays) {
  auto hash = [](const Settings& settings) {
    return specify(settings, plain_host())["Labels"]["org.labgpu.spec"].get<std::string>();
  };
  Settings other = plain();
  other.shm_bytes += 1;
  EXPECT_EQ(hash(plain()), hash(plain()));
  EXPECT_NE(hash(plain()), hash(other));
  // A release that changes this makes every container look as if its settings had changed.
  EXPECT_EQ(hash(plain()), "a2f0040d568f936c");
}

TEST(ContainerSpecification, CdiGpus) {
  json made = specify(plain(), {GpuAccess::kCdi, "json-file", true});
  EXPECT_EQ(made["HostConfig"]["DeviceRequests"],
            json::parse(R"([{"Driver": "cdi", "DeviceIDs": ["nvidia.com/gpu=all"]}])"));
  EXPECT_FALSE(made.contains("Env"));
}

TEST(ContainerSpecification, GpusByDeviceRequest) {
  json made = specify(plain(), {GpuAccess::kDeviceRequest, "json-file", true});
  EXPECT_EQ(made["HostConfig"]["DeviceRequests"],
            json::parse(R"([{"Count": -1, "Capabilities": [["gpu"]]}])"));
  EXPECT_EQ(made["Env"], json::parse(R"(["NVIDIA_DRIVER_CAPABILITIES=all"])"));
}

TEST(ContainerSpecification, GpusByRuntime) {
  json made = specify(plain(), {GpuAccess::kRuntime, "json-file", true});
  EXPECT_EQ(made["HostConfig"]["Runtime"], "nvidia");
  EXPECT_EQ(made["Env"],
            json::parse(R"(["NVIDIA_DRIVER_CAPABILITIES=all", "NVIDIA_VISIBLE_DEVICES=all"])"));
}

TEST(ContainerSpecification, NoGpusWhenNoneAreWanted) {
  Settings settings = plain();
  settings.gpus = Gpus::kNone;
  json made = specify(settings, {GpuAccess::kDeviceRequest, "json-file", true});
  EXPECT_FALSE(made["HostConfig"].contains("DeviceRequests"));
  EXPECT_FALSE(made.contains("Env"));
}

TEST(ContainerSpecification, AllGpusWhereThereAreNoneIsAnError) {
  Settings settings = plain();
  settings.gpus = Gpus::kAll;
  Result<json> made =
      container_specification(alice(), settings, plain_host(), "50m", "/var/lib/labgpu");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(made.error().message, HasSubstr("labgpu user set alice gpus=none"));
}

TEST(ContainerSpecification, LeavesOtherLogDriversAndHostsWithoutIpv6Alone) {
  json made = specify(plain(), {GpuAccess::kNone, "journald", false});
  EXPECT_FALSE(made["HostConfig"].contains("LogConfig"));
  EXPECT_FALSE(made["HostConfig"].contains("Sysctls"));
}

ContainerDetails made_by_labgpu() {
  ContainerDetails details;
  details.labels = {{kLabelUser, "alice"}, {kLabelUid, "20001"}};
  details.mounts = {{"/state/containers/alice/run", "/.labgpu/run"}};
  return details;
}

TEST(ContainerOwner, IsReadFromLabels) {
  auto owner = owner_of(made_by_labgpu(), "/state");
  ASSERT_TRUE(owner);
  EXPECT_EQ(owner->user, "alice");
  EXPECT_EQ(owner->uid, 20001U);
}

TEST(ContainerOwner, LabelsAloneDoNotCount) {
  ContainerDetails details = made_by_labgpu();
  details.mounts = {};
  EXPECT_FALSE(owner_of(details, "/state"));
  details.mounts = {{"/state/containers/bob/run", "/.labgpu/run"}};
  EXPECT_FALSE(owner_of(details, "/state"));
  details.mounts = {{"/state/containers/alice/run", "/elsewhere"}};
  EXPECT_FALSE(owner_of(details, "/state"));
}

TEST(ContainerOwner, BadLabelsAreNobodys) {
  for (const char* uid : {"", "-1", "20001 ", "4294967296", "x"}) {
    ContainerDetails details = made_by_labgpu();
    details.labels[kLabelUid] = uid;
    EXPECT_FALSE(owner_of(details, "/state")) << uid;
  }
  ContainerDetails details = made_by_labgpu();
  details.labels[kLabelUser] = "../alice";
  EXPECT_FALSE(owner_of(details, "/state"));
  details.labels.erase(kLabelUser);
  EXPECT_FALSE(owner_of(details, "/state"));
}

}  // namespace
}  // namespace labgpu
