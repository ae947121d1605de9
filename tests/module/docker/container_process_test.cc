// Process numbers that are not, or no longer, the container's init.
#include "helper/container_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace labgpu {
namespace {

using ::testing::HasSubstr;

TEST(ContainerProcess, AnotherProcessIsRefused) {
  Result<ContainerProcess> opened = open_container_process(getpid(), std::string(64, 'a'));
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("not in its cgroup"));
}

TEST(ContainerProcess, ProcessOfTheHostsNamespaceIsRefused) {
  // Every process is in the cgroup "/" or below it.
  Result<ContainerProcess> opened = open_container_process(getpid(), "/");
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("not the first in its pid namespace"));
}

TEST(ContainerProcess, NumberThatIsGoneIsAnError) {
  pid_t child = fork();
  if (child == 0) _exit(0);
  ASSERT_GT(child, 0);
  waitpid(child, nullptr, 0);
  Result<ContainerProcess> opened = open_container_process(child, "/");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kSystem);
}

TEST(ContainerProcess, NoNumberIsAnError) {
  EXPECT_FALSE(open_container_process(0, "/"));
  EXPECT_FALSE(open_container_process(-1, "/"));
}

}  // namespace
}  // namespace labgpu
