// The body of a create request, whole, and whose a container is.
#include "helper/container_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "helper/settings_table.h"

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
  Settings settings;
  settings.image = "lab/image:1";
  settings.hostname = "alice-VM";
  settings.container_name = "alice_container";
  settings.mounts = {{"/data", "/data", false}, {"/srv/sets/alice", "/sets", true}};
  settings.shm_bytes = 1 << 30;
  settings.restart = RestartPolicy::kUnlessStopped;
  return settings;
}

HostFacts host_with(GpuAccess gpus) { return {gpus, "json-file", true, 8}; }
HostFacts plain_host() { return host_with(GpuAccess::kNone); }

Result<json> try_to_specify(const Settings& settings, const HostFacts& facts) {
  return container_specification(alice(), settings, facts, Config{}, "/var/lib/labgpu");
}

json specify(const Settings& settings, const HostFacts& facts) {
  Result<json> made = try_to_specify(settings, facts);
  EXPECT_TRUE(made) << made.error().message;
  return made.value_or(json());
}

// The body with one setting beside the plain ones, as `user set` takes it.
json specify_with(const std::string& key, const std::string& value,
                  const HostFacts& facts = plain_host()) {
  auto layer = as_layer(plain());
  auto set = set_setting(layer, key, value);
  EXPECT_TRUE(set) << set.error().message;
  Settings settings;
  for (const auto& setting : all_settings()) setting.field.decide(layer, settings);
  return specify(settings, facts);
}

TEST(ContainerSpecification, IsThis) {
  const json expected = json::parse(R"({
    "Hostname": "alice-VM",
    "Image": "lab/image:1",
    "Entrypoint": ["/.labgpu/bin/labgpu-init"],
    "Cmd": [],
    "Env": ["NVIDIA_VISIBLE_DEVICES=void"],
    "User": "0:0",
    "Tty": false,
    "StopSignal": "SIGTERM",
    "StopTimeout": 10,
    "Labels": {"org.labgpu.user": "alice", "org.labgpu.uid": "20001",
               "org.labgpu.gpu-access": "none"},
    "HostConfig": {
      "Init": false,
      "Mounts": [
        {"Type": "bind", "Source": "/home/alice", "Target": "/home/alice", "ReadOnly": false},
        {"Type": "bind", "Source": "/var/lib/labgpu/containers/alice/tmp", "Target": "/tmp",
         "ReadOnly": false},
        {"Type": "bind", "Source": "/usr/libexec/labgpu/guest", "Target": "/.labgpu/bin",
         "ReadOnly": true},
        {"Type": "bind", "Source": "/var/lib/labgpu/containers/alice/run",
         "Target": "/.labgpu/run", "ReadOnly": false},
        {"Type": "bind", "Source": "/data", "Target": "/data", "ReadOnly": false},
        {"Type": "bind", "Source": "/srv/sets/alice", "Target": "/sets", "ReadOnly": true}
      ],
      "RestartPolicy": {"Name": "unless-stopped"},
      "ShmSize": 1073741824,
      "LogConfig": {"Type": "json-file", "Config": {"max-size": "50m"}},
      "Sysctls": {"net.ipv6.conf.lo.disable_ipv6": "0"},
      "Ulimits": [{"Hard": -1, "Name": "core", "Soft": 0}]
    }})");
  json made = specify(plain(), plain_host());
  auto label = json::parse(made["Labels"]["org.labgpu.settings"].get<std::string>());
  EXPECT_EQ(label["shmSize"], 1 << 30);
  EXPECT_EQ(label["containerName"], "alice_container");
  EXPECT_FALSE(label.contains("login"));
  made["Labels"].erase("org.labgpu.settings");
  EXPECT_EQ(made, expected) << made.dump(2);
}

struct GpuCase {
  const char* gpus;
  GpuAccess access;
  const char* requests;  // HostConfig.DeviceRequests
  const char* visible;   // NVIDIA_VISIBLE_DEVICES
};

TEST(ContainerSpecification, GpusInEveryWay) {
  constexpr char kUuids[] = "GPU-11111111-2222-3333-4444-555555555555,0:1";
  const GpuCase cases[] = {
      {"auto", GpuAccess::kCdi, R"([{"Driver": "cdi", "DeviceIDs": ["nvidia.com/gpu=all"]}])",
       "void"},
      {"count:2", GpuAccess::kCdi,
       R"([{"Driver": "cdi", "DeviceIDs": ["nvidia.com/gpu=0", "nvidia.com/gpu=1"]}])", "void"},
      {kUuids, GpuAccess::kCdi,
       R"([{"Driver": "cdi", "DeviceIDs": [
           "nvidia.com/gpu=GPU-11111111-2222-3333-4444-555555555555", "nvidia.com/gpu=0:1"]}])",
       "void"},
      {"all", GpuAccess::kDeviceRequest, R"([{"Count": -1, "Capabilities": [["gpu"]]}])", "all"},
      {"count:2", GpuAccess::kDeviceRequest, R"([{"Count": 2, "Capabilities": [["gpu"]]}])", "0,1"},
      {"1,3", GpuAccess::kDeviceRequest,
       R"([{"DeviceIDs": ["1", "3"], "Capabilities": [["gpu"]]}])", "1,3"},
      {"auto", GpuAccess::kRuntime, "null", "all"},
      {"count:3", GpuAccess::kRuntime, "null", "0,1,2"},
      {kUuids, GpuAccess::kRuntime, "null", kUuids},
      {"none", GpuAccess::kCdi, "null", "void"},
      {"none", GpuAccess::kDeviceRequest, "null", "void"},
      {"none", GpuAccess::kRuntime, "null", "void"},
      {"auto", GpuAccess::kNone, "null", "void"}};
  for (const auto& one : cases) {
    auto made = specify_with("gpus", one.gpus, host_with(one.access));
    auto name = std::string(one.gpus) + " " + std::string(to_text(one.access));
    EXPECT_EQ(made["HostConfig"].value("DeviceRequests", json()), json::parse(one.requests))
        << name;
    bool runtime = one.access == GpuAccess::kRuntime && std::string(one.gpus) != "none";
    EXPECT_EQ(made["HostConfig"].value("Runtime", ""), runtime ? "nvidia" : "") << name;
    json environment = {std::string("NVIDIA_VISIBLE_DEVICES=") + one.visible};
    if (std::string(one.visible) != "void") {
      environment.push_back("NVIDIA_DRIVER_CAPABILITIES=all");
    }
    EXPECT_EQ(made["Env"], environment) << name;
    bool none = std::string(one.gpus) == "none";
    EXPECT_EQ(made["Labels"]["org.labgpu.gpu-access"],
              std::string(none ? "none" : to_text(one.access)));
  }
}

TEST(ContainerSpecification, GpusWhereThereAreNoneAreAnError) {
  for (const char* gpus : {"all", "count:1", "0"}) {
    Settings settings = plain();
    settings.gpus = parse_gpus(gpus).value();
    Result<json> made = try_to_specify(settings, plain_host());
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, ErrorCode::kUnavailable);
    EXPECT_THAT(made.error().message, HasSubstr("labgpu user set alice gpus=none"));
  }
}

TEST(ContainerSpecification, LimitsAndTheRestOfTheSettings) {
  auto host = [](const std::string& key, const std::string& value) {
    return specify_with(key, value)["HostConfig"];
  };
  EXPECT_EQ(host("memory", "16g")["Memory"], uint64_t{16} << 30);
  EXPECT_EQ(host("memory", "16g")["MemorySwap"], uint64_t{16} << 30);
  EXPECT_FALSE(host("memory", "none").contains("Memory"));
  EXPECT_EQ(host("cpus", "2.5")["NanoCpus"], 2500000000U);
  EXPECT_EQ(host("pids", "4096")["PidsLimit"], 4096);
  EXPECT_EQ(host("cap_add", "sys_ptrace")["CapAdd"], json({"SYS_PTRACE"}));
  EXPECT_EQ(host("cap_drop", "MKNOD,NET_RAW")["CapDrop"], json({"MKNOD", "NET_RAW"}));
  EXPECT_EQ(host("userns", "host")["UsernsMode"], "host");
  EXPECT_FALSE(host("userns", "docker").contains("UsernsMode"));
  EXPECT_EQ(host("ulimits", "nofile=1:2")["Ulimits"],
            json::parse(R"([{"Name": "core", "Soft": 0, "Hard": -1},
                            {"Name": "nofile", "Soft": 1, "Hard": 2}])"));
  EXPECT_EQ(host("ulimits", "core=unlimited")["Ulimits"],
            json::parse(R"([{"Name": "core", "Soft": -1, "Hard": -1}])"));
  EXPECT_EQ(specify_with("env", "A=1,NVIDIA_DRIVER_CAPABILITIES=compute",
                         host_with(GpuAccess::kRuntime))["Env"],
            json({"NVIDIA_VISIBLE_DEVICES=all", "A=1", "NVIDIA_DRIVER_CAPABILITIES=compute"}));
}

TEST(ContainerSpecification, PortsOfTheServerLeadToIt) {
  auto made = specify_with("ports", "20000:8888,20001:ssh,20002:53/udp");
  EXPECT_EQ(made["ExposedPorts"], json::parse(R"({"22/tcp": {}, "53/udp": {}, "8888/tcp": {}})"));
  EXPECT_EQ(made["HostConfig"]["PortBindings"],
            json::parse(R"({"22/tcp": [{"HostIp": "", "HostPort": "20001"}],
                            "53/udp": [{"HostIp": "", "HostPort": "20002"}],
                            "8888/tcp": [{"HostIp": "", "HostPort": "20000"}]})"));
  Settings settings = plain();
  settings.ports = {{8888, 0, false}};
  Result<json> open = try_to_specify(settings, plain_host());
  ASSERT_FALSE(open);
  EXPECT_THAT(open.error().message, HasSubstr("no port of the server is reserved for port 8888"));
}

TEST(ContainerSpecification, MoreCpusThanThereAreIsAnError) {
  Settings settings = plain();
  settings.milli_cpus = 9000;
  Result<json> made = try_to_specify(settings, plain_host());
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message, HasSubstr("container of alice cannot be made: cpus 9 is more"));
}

TEST(ContainerSpecification, LeavesOtherLogDriversAndHostsWithoutIpv6Alone) {
  json made = specify(plain(), {GpuAccess::kNone, "journald", false, 8});
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
