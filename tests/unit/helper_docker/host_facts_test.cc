// How GPUs are found, on file systems made for it.
#include "helper/host_facts.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace labgpu {
namespace {

namespace fs = std::filesystem;

class HostFactsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char directory[] = "/tmp/labgpu-facts-XXXXXX";
    ASSERT_NE(mkdtemp(directory), nullptr);
    root_ = directory;
  }
  void TearDown() override { fs::remove_all(root_); }

  void put(const std::string& path, const std::string& text) const {
    fs::path file = root_ + path;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  [[nodiscard]] GpuAccess gpus(const EngineInfo& engine) const {
    return find_host_facts(engine, {}, root_).gpus;
  }

  std::string root_;
  EngineInfo engine_{.runtimes = {"runc"},
                     .logging_driver = "local",
                     .cdi_spec_directories = {"/etc/cdi", "/run/cdi"},
                     .security_options = {},
                     .root_directory = "/var/lib/docker"};
};

TEST_F(HostFactsTest, NothingOffersNoGpus) {
  EXPECT_EQ(gpus(engine_), GpuAccess::kNone);
  EXPECT_EQ(find_host_facts(engine_, {}, root_).logging_driver, "local");
}

TEST_F(HostFactsTest, RuntimeIsTheLastWay) {
  engine_.runtimes.emplace_back("nvidia");
  EXPECT_EQ(gpus(engine_), GpuAccess::kRuntime);
  put("/usr/bin/nvidia-container-runtime-hook", "");
  EXPECT_EQ(gpus(engine_), GpuAccess::kDeviceRequest);
  put("/run/cdi/nvidia.yaml", "devices: []\nkind: nvidia.com/gpu\n");
  EXPECT_EQ(gpus(engine_), GpuAccess::kCdi);
}

TEST_F(HostFactsTest, CdiOnlyWhereDockerReadsIt) {
  put("/etc/cdi/nvidia.json", R"({"kind": "nvidia.com/gpu"})");
  EXPECT_EQ(gpus(engine_), GpuAccess::kCdi);
  engine_.cdi_spec_directories = {};
  EXPECT_EQ(gpus(engine_), GpuAccess::kNone);
}

TEST_F(HostFactsTest, TheAdministratorsWordIsBelieved) {
  put("/run/cdi/nvidia.yaml", "devices: []\nkind: nvidia.com/gpu\n");
  EXPECT_EQ(find_host_facts(engine_, GpuAccess::kRuntime, root_).gpus, GpuAccess::kRuntime);
  EXPECT_EQ(find_host_facts(engine_, GpuAccess::kNone, root_).gpus, GpuAccess::kNone);
}

TEST_F(HostFactsTest, CpusAreThoseThatMayBeUsed) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  EXPECT_EQ(count_cpus(), static_cast<uint32_t>(CPU_COUNT(&before)));
  cpu_set_t one;
  CPU_ZERO(&one);
  int first = 0;
  while (!CPU_ISSET(first, &before)) ++first;
  CPU_SET(first, &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(count_cpus(), 1U);
  ASSERT_EQ(sched_setaffinity(0, sizeof before, &before), 0);
}

TEST_F(HostFactsTest, OtherCdiFilesDoNotCount) {
  put("/etc/cdi/amd.json", R"({"kind": "amd.com/gpu"})");
  put("/etc/cdi/README", "nvidia.com/gpu");
  EXPECT_EQ(gpus(engine_), GpuAccess::kNone);
}

TEST_F(HostFactsTest, Ipv6IsWhatTheKernelHas) {
  EXPECT_FALSE(find_host_facts(engine_, {}, root_).ipv6);
  put("/proc/sys/net/ipv6/conf/all/disable_ipv6", "0\n");
  EXPECT_TRUE(find_host_facts(engine_, {}, root_).ipv6);
}

}  // namespace
}  // namespace labgpu
