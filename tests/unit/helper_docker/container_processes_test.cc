// What runs beside a container's init.
#include "helper/container_processes.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/support/paused_process.h"
#include "tests/support/pretended_cgroup.h"

namespace labgpu::test {
namespace {

class ContainerProcessesTest : public testing::Test {
 protected:
  ContainerProcessesTest() {
    container_.id = PretendedCgroup::kId;
    container_.init_pid = init_.pid();
    auto network = "/proc/" + std::to_string(init_.pid()) + "/ns/net";
    container_.net_namespace.reset(open(network.c_str(), O_RDONLY | O_CLOEXEC));
  }
  bool runs() {
    auto found = runs_something(container_, cgroup_.root.path());
    EXPECT_TRUE(found) << found.error().message;
    return found.value_or(false);
  }

  PausedProcess init_;
  PretendedCgroup cgroup_{init_.pid()};
  RunningContainer container_;
  std::string init_line_ = std::to_string(init_.pid()) + "\n";
};

TEST_F(ContainerProcessesTest, InitAloneIsNothing) { EXPECT_FALSE(runs()); }

TEST_F(ContainerProcessesTest, AnotherProcessIsSomething) {
  cgroup_.hold(init_line_ + "4711\n");
  EXPECT_TRUE(runs());
}

TEST_F(ContainerProcessesTest, AlsoInACgroupBelow) {
  cgroup_.hold("", "below/deeper");
  cgroup_.hold("", "below");
  EXPECT_FALSE(runs());
  cgroup_.hold("4711\n", "below/deeper");
  EXPECT_TRUE(runs());
}

TEST_F(ContainerProcessesTest, AContainerWithoutACgroupIsAnError) {
  container_.id = "0123456789";
  EXPECT_FALSE(runs_something(container_, cgroup_.root.path()));
}

TEST_F(ContainerProcessesTest, ItsNetworkIsItsOwnUntilSomebodyIsInIt) {
  EXPECT_FALSE(network_is_shared(container_));
  container_.init_pid = 1;  // so that the child is somebody else
  EXPECT_TRUE(network_is_shared(container_));
}

}  // namespace
}  // namespace labgpu::test
