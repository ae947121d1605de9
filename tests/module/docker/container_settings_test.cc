// Settings as Docker and the kernel have them: changed while a container runs, kept for one that is
// made anew, and a container that never ran.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "helper/host_facts.h"
#include "tests/module/docker/docker_fixture.h"

namespace labgpu {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace testing_support;

class ContainerSettingsTest : public DockerFixture {
 protected:
  void set(Account& account, const std::string& key, const std::string& value) {
    auto done = set_setting(account.settings, key, value);
    EXPECT_TRUE(done) << done.error().message;
  }
  Result<std::vector<std::string>> apply(const Account& account) {
    return run_task(loop_, manager_->apply_settings(account));
  }
  ContainerStatus status(const Account& account) {
    auto now = run_task(loop_, manager_->status(account));
    EXPECT_TRUE(now) << now.error().message;
    return now.value_or(ContainerStatus{});
  }
  static std::string inspect(const Account& account, const std::string& format) {
    return output_of("docker inspect -f '" + format + "' " + container_name(account));
  }
  // A file of the container's cgroup, version 1 or 2.
  static std::string cgroup_file(const Account& account, const std::string& v1_controller,
                                 const std::string& v1_name, const std::string& v2_name) {
    auto pid = inspect(account, "{{.State.Pid}}");
    if (fs::exists("/sys/fs/cgroup/cgroup.controllers")) {
      auto path = output_of("sed -n 's/^0:://p' /proc/" + pid + "/cgroup");
      return output_of("cat /sys/fs/cgroup" + path + "/" + v2_name);
    }
    auto path = output_of("sed -n 's/^[0-9]*:\\([^:]*,\\)\\?" + v1_controller +
                          "\\(,[^:]*\\)\\?://p' /proc/" + pid + "/cgroup");
    return output_of("cat /sys/fs/cgroup/" + v1_controller + path + "/" + v1_name);
  }
};

TEST_F(ContainerSettingsTest, LimitsAreChangedWhileItRunsAndLifted) {
  Account account = make_account();
  ASSERT_TRUE(ensure(account));
  auto pid = inspect(account, "{{.State.Pid}}");
  set(account, "memory", "64m");
  set(account, "cpus", "0.5");
  set(account, "pids", "100");
  set(account, "restart", "no");
  EXPECT_THAT(status(account).pending, ElementsAre("memory", "cpus", "pids", "restart"));
  auto changed = apply(account);
  ASSERT_TRUE(changed) << changed.error().message;
  EXPECT_THAT(*changed, ElementsAre("memory", "cpus", "pids", "restart"));
  EXPECT_THAT(status(account).pending, IsEmpty());
  EXPECT_EQ(cgroup_file(account, "memory", "memory.limit_in_bytes", "memory.max"), "67108864");
  EXPECT_EQ(cgroup_file(account, "pids", "pids.max", "pids.max"), "100");
  EXPECT_THAT(cgroup_file(account, "cpu", "cpu.cfs_quota_us", "cpu.max"), HasSubstr("50000"));

  set(account, "memory", "128m");  // upwards is another path in Docker
  EXPECT_THAT(apply(account).value(), ElementsAre("memory"));
  EXPECT_EQ(cgroup_file(account, "memory", "memory.limit_in_bytes", "memory.max"), "134217728");

  for (const char* key : {"memory", "cpus", "pids", "restart"}) set(account, key, "");
  EXPECT_THAT(apply(account).value(), ElementsAre("memory", "cpus", "pids", "restart"));
  EXPECT_THAT(status(account).pending, IsEmpty());
  auto memory = cgroup_file(account, "memory", "memory.limit_in_bytes", "memory.max");
  EXPECT_GE(std::stoull(memory == "max" ? "1125899906842624" : memory), uint64_t{1} << 50);
  EXPECT_EQ(cgroup_file(account, "pids", "pids.max", "pids.max"), "max");
  EXPECT_EQ(inspect(account, "{{.HostConfig.RestartPolicy.Name}}"), "unless-stopped");
  EXPECT_EQ(inspect(account, "{{.State.Pid}}"), pid);
}

TEST_F(ContainerSettingsTest, AStoppedContainerIsStartedWithItsNewLimits) {
  Account account = make_account();
  ASSERT_TRUE(ensure(account));
  ASSERT_TRUE(run_task(loop_, manager_->stop(account)));
  set(account, "memory", "64m");
  ASSERT_TRUE(ensure(account));
  EXPECT_EQ(cgroup_file(account, "memory", "memory.limit_in_bytes", "memory.max"), "67108864");
  EXPECT_THAT(status(account).pending, IsEmpty());
}

TEST_F(ContainerSettingsTest, ALimitThatDockerRefusesKeepsNobodyOut) {
  Account account = make_account();
  ASSERT_TRUE(ensure(account));
  ASSERT_TRUE(run_task(loop_, manager_->stop(account)));
  set(account, "cpus", std::to_string(count_cpus() + 1));
  auto changed = apply(account);
  ASSERT_FALSE(changed);
  EXPECT_THAT(changed.error().message, HasSubstr("CPUs"));
  auto running = ensure(account);
  EXPECT_TRUE(running) << running.error().message;
  EXPECT_THAT(status(account).pending, ElementsAre("cpus"));
}

TEST_F(ContainerSettingsTest, OthersNeedARebuildAndNothingIsThrownAway) {
  Account account = make_account();
  ASSERT_TRUE(ensure(account));
  EXPECT_THAT(status(account).rebuild, IsEmpty());
  auto id = status(account).id;
  fs::create_directory(directory_ + "/data");
  set(account, "mounts", directory_ + "/data:/data");
  set(account, "shm_size", "2m");
  set(account, "env", "A=1");
  EXPECT_THAT(status(account).rebuild, ElementsAre("mounts", "shm_size", "env"));
  EXPECT_THAT(apply(account).value(), IsEmpty());
  ASSERT_TRUE(run_task(loop_, manager_->restart(account)));
  EXPECT_EQ(status(account).id, id);
  EXPECT_THAT(status(account).rebuild, ElementsAre("mounts", "shm_size", "env"));
  for (const char* key : {"mounts", "shm_size", "env"}) set(account, key, "");
  EXPECT_THAT(status(account).rebuild, IsEmpty());
}

TEST_F(ContainerSettingsTest, AMountThatItNeverHadIsNoReasonToRefuseItsStart) {
  Account account = make_account();
  ASSERT_TRUE(ensure(account));
  ASSERT_TRUE(run_task(loop_, manager_->stop(account)));
  set(account, "mounts", directory_ + "/absent:/data");
  auto running = ensure(account);
  EXPECT_TRUE(running) << running.error().message;
}

TEST_F(ContainerSettingsTest, WhatNeverRanIsMadeAnewWithOtherSettings) {
  Account account = make_account();
  set(account, "cap_drop", "NET_RAW");
  set(account, "ulimits", "nice=99999999");  // no process may have so much
  auto first = ensure(account);
  ASSERT_FALSE(first);
  EXPECT_EQ(inspect(account, "{{.State.Status}}"), "created");
  auto id = inspect(account, "{{.Id}}");
  EXPECT_FALSE(ensure(account));
  EXPECT_EQ(inspect(account, "{{.Id}}"), id);
  set(account, "ulimits", "");
  auto second = ensure(account);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_NE((*second)->id, id);
  EXPECT_EQ(inspect(account, "{{json .HostConfig.CapDrop}}"), R"(["NET_RAW"])");
}

TEST_F(ContainerSettingsTest, PortsAreToldAsDockerHasThem) {
  Account account = make_account();
  set(account, "ports", "80,ssh");
  // Another run on this machine has others.
  auto first = static_cast<uint16_t>(20000 + getpid() % 5000 * 2);
  auto second = static_cast<uint16_t>(first + 1);
  account.host_ports = {{"80/tcp", first}, {"22/tcp", second}};
  auto running = ensure(account);
  ASSERT_TRUE(running) << running.error().message;
  EXPECT_EQ(status(account).ports, (std::vector<Port>{{22, second, false}, {80, first, false}}));
  EXPECT_THAT(status(account).rebuild, IsEmpty());
  EXPECT_EQ(output_of("docker port " + container_name(account) + " 80/tcp | head -n 1"),
            "0.0.0.0:" + std::to_string(first));
}

TEST_F(ContainerSettingsTest, DockersOwnDirectoryIsNotShown) {
  Account account = make_account();
  auto root = output_of("docker info -f '{{.DockerRootDir}}'");
  account.settings.mounts = std::vector<Mount>{{root + "/volumes", "/x", false}};
  auto running = ensure(account);
  ASSERT_FALSE(running);
  EXPECT_THAT(running.error().message, HasSubstr(root));
  EXPECT_FALSE(succeeds("docker inspect " + container_name(account)));
}

TEST_F(ContainerSettingsTest, NothingToApplyWithoutAContainer) {
  EXPECT_THAT(apply(make_account()).value(), IsEmpty());
}

}  // namespace
}  // namespace labgpu
