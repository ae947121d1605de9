// How much memory a container uses: this very process's group, and files as both versions lay them.
#include "helper/container_memory.h"

#include <unistd.h>

#include "tests/support/temporary_directory.h"

namespace labgpu::test {
namespace {

class ContainerMemoryTest : public testing::Test {
 protected:
  void write(const std::string& path, const std::string& content) {
    auto full = root_ / path;
    std::filesystem::create_directories(std::filesystem::path(full).parent_path());
    write_file(full, content);
  }
  TemporaryDirectory root_;
};

TEST_F(ContainerMemoryTest, IsToldByThisKernel) {
  auto used = memory_in_use(getpid());
  ASSERT_TRUE(used);
  EXPECT_GT(*used, 100'000U);
}

TEST_F(ContainerMemoryTest, OfTheSecondVersion) {
  write("proc/7/cgroup", "0::/system.slice/docker-abc.scope\n");
  write("sys/fs/cgroup/system.slice/docker-abc.scope/memory.current", "5000\n");
  write("sys/fs/cgroup/system.slice/docker-abc.scope/memory.stat",
        "anon 1\nactive_file 7\ninactive_file 2000\n");
  EXPECT_EQ(memory_in_use(7, root_.path()), 3000U);
}

TEST_F(ContainerMemoryTest, OfTheFirstVersionAlsoBesideTheSecond) {
  write("proc/7/cgroup", "0::/x\n9:memory:/docker/abc\n8:cpu,cpuacct:/docker/abc\n");
  write("sys/fs/cgroup/memory/docker/abc/memory.usage_in_bytes", "5000\n");
  write("sys/fs/cgroup/memory/docker/abc/memory.stat",
        "inactive_file 1\ntotal_inactive_file 2000\n");
  EXPECT_EQ(memory_in_use(7, root_.path()), 3000U);
}

TEST_F(ContainerMemoryTest, IsNotToldOfWhatIsNotThere) {
  EXPECT_EQ(memory_in_use(7, root_.path()), std::nullopt);
  write("proc/7/cgroup", "0::/gone\n");
  EXPECT_EQ(memory_in_use(7, root_.path()), std::nullopt);
  write("proc/7/cgroup", "nonsense");
  EXPECT_EQ(memory_in_use(7, root_.path()), std::nullopt);
}

}  // namespace
}  // namespace labgpu::test
