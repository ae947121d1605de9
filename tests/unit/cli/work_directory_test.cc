// The temporary directory of an image: gone at the end, and never emptied through a mount.
#include "cli/image/work_directory.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/cli/temporary_directory.h"

namespace labgpu {
namespace {

// WorkDirectory changes the process's mount namespace, so it gets a process of its own. The body
// returns what the process exits with.
template <typename Body>
int in_child(Body body) {
  pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(WorkDirectory, GoesAwayWithItsContent) {
  TemporaryDirectory parent;
  EXPECT_EQ(in_child([&] {
              setenv("TMPDIR", parent.path().c_str(), 1);
              auto work = WorkDirectory::make();
              if (!work) return 1;
              put(work->path() + "/root/a/b", "x");
              return access(work->path().c_str(), F_OK) == 0 ? 0 : 2;
            }),
            0);
  EXPECT_EQ(in_child([&] { return rmdir(parent.path().c_str()); }), 0) << "something was left";
}

TEST(WorkDirectory, WhatIsMountedInItIsNotEmptied) {
  TemporaryDirectory parent;
  TemporaryDirectory precious;
  put(precious / "file", "x");
  EXPECT_EQ(in_child([&] {
              setenv("TMPDIR", parent.path().c_str(), 1);
              auto work = WorkDirectory::make();
              if (!work) return 1;
              std::string point = work->path() + "/dev";
              put(point + "/hidden", "x");
              return mount(precious.path().c_str(), point.c_str(), nullptr, MS_BIND, nullptr) == 0
                         ? 0
                         : 2;
            }),
            0);
  EXPECT_TRUE(exists(precious / "file"));
  EXPECT_EQ(in_child([&] { return rmdir(parent.path().c_str()); }), 0) << "something was left";
}

TEST(WorkDirectory, SaysWhenItCannotBeMade) {
  EXPECT_EQ(in_child([] {
              setenv("TMPDIR", "/no/such/directory", 1);
              return WorkDirectory::make() ? 1 : 0;
            }),
            0);
}

}  // namespace
}  // namespace labgpu
