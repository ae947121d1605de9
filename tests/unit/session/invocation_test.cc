// What each way of calling the session command means.
#include "session/invocation.h"

#include <gtest/gtest.h>

#include "common/paths.h"

namespace labgpu {
namespace {

TEST(Invocation, ForcedCommandTakesWhatTheClientAskedFor) {
  const char* argv[] = {"labgpu-session", "-c", kSessionCommand};
  Invocation invocation = decide_invocation(3, argv, "ls -l");
  EXPECT_TRUE(invocation.valid);
  EXPECT_FALSE(invocation.login_shell);
  EXPECT_TRUE(invocation.took_original_command);
  EXPECT_EQ(invocation.command, "ls -l");
}

TEST(Invocation, ForcedCommandWithoutARequestIsALoginShell) {
  const char* argv[] = {"labgpu-session", "-c", kSessionCommand};
  Invocation invocation = decide_invocation(3, argv, nullptr);
  EXPECT_TRUE(invocation.valid);
  EXPECT_TRUE(invocation.login_shell);
}

TEST(Invocation, AnEmptyRequestStaysACommand) {
  const char* argv[] = {"labgpu-session", "-c", kSessionCommand};
  Invocation invocation = decide_invocation(3, argv, "");
  EXPECT_FALSE(invocation.login_shell);
  EXPECT_TRUE(invocation.took_original_command);
}

TEST(Invocation, TheKeysCommandWinsAndLeavesTheRequestToBeSeen) {
  const char* argv[] = {"labgpu-session", "-c", kSessionCommand};
  for (const char* original : {"rm -rf /", static_cast<const char*>(nullptr)}) {
    Invocation invocation = decide_invocation(3, argv, original, "backup");
    EXPECT_TRUE(invocation.valid);
    EXPECT_FALSE(invocation.login_shell);
    EXPECT_FALSE(invocation.took_original_command);
    EXPECT_EQ(invocation.command, "backup");
  }
}

TEST(Invocation, AnyOtherCommandIsRunAsItIs) {
  const char* argv[] = {"labgpu-session", "-c", "/usr/libexec/labgpu/labgpu-session -x"};
  Invocation invocation = decide_invocation(3, argv, "something else");
  EXPECT_TRUE(invocation.valid);
  EXPECT_FALSE(invocation.took_original_command);
  EXPECT_EQ(invocation.command, "/usr/libexec/labgpu/labgpu-session -x");
}

TEST(Invocation, AloneItIsALoginShellWhateverItsName) {
  for (const char* name : {"-labgpu-session", "labgpu-session", ""}) {
    const char* argv[] = {name};
    Invocation invocation = decide_invocation(1, argv, "ignored");
    EXPECT_TRUE(invocation.valid && invocation.login_shell) << name;
    EXPECT_FALSE(invocation.took_original_command) << name;
  }
}

TEST(Invocation, PopenOfANewerLibcEndsTheOptionsFirst) {
  const char* argv[] = {"sh", "-c", "--", "/usr/bin/xauth -q -"};
  Invocation invocation = decide_invocation(4, argv, "ls");
  EXPECT_TRUE(invocation.valid);
  EXPECT_FALSE(invocation.took_original_command);
  EXPECT_EQ(invocation.command, "/usr/bin/xauth -q -");
  const char* other[] = {"sh", "-c", "-x", "ls"};
  EXPECT_FALSE(decide_invocation(4, other, "ls").valid);
}

TEST(Invocation, NothingElseIsValid) {
  const char* argv[] = {"labgpu-session", "-c", "a", "b"};
  EXPECT_FALSE(decide_invocation(0, argv, nullptr).valid);
  EXPECT_FALSE(decide_invocation(2, argv, nullptr).valid);
  EXPECT_FALSE(decide_invocation(4, argv, nullptr).valid);
  const char* login[] = {"labgpu-session", "-l", "a"};
  EXPECT_FALSE(decide_invocation(3, login, nullptr).valid);
}

}  // namespace
}  // namespace labgpu
