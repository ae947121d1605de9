// A session command in its jail, seen from outside; and that the jail is no hindrance.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include "tests/module/login/container.h"
#include "tests/module/login/helper_double.h"
#include "tests/module/login/session_process.h"
#include "tests/module/login/test_world.h"

namespace labgpu::login_test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

class JailTest : public testing::Test {
 protected:
  void SetUp() override { container_.start(); }
  Container container_;
  HelperDouble helper_{container_};
};

// The command runs while the session command closes its jail, the filter of system calls last.
void expect_jailed(pid_t pid) {
  const std::string process = "/proc/" + std::to_string(pid);
  EXPECT_TRUE(eventually(
      [&] { return read_file(process + "/status").find("Seccomp:\t2\n") != std::string::npos; }));
  const std::string status = read_file(process + "/status");
  EXPECT_THAT(status, HasSubstr("NoNewPrivs:\t1\n"));
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapAmb"}) {
    EXPECT_THAT(status, HasSubstr(std::string(set) + ":\t0000000000000000\n"));
  }
  const std::string limits = read_file(process + "/limits");
  EXPECT_THAT(limits, ContainsRegex("core file size +0 +0"));
  EXPECT_THAT(limits, ContainsRegex("processes +0 +0"));
}

TEST_F(JailTest, IsInForceWithoutATerminal) {
  PipeSession session(arguments_for("echo up; exec sleep 35.1"));
  char text[3];
  ASSERT_EQ(read(session.out.get(), text, sizeof text), 3);
  expect_jailed(session.pid());
}

TEST_F(JailTest, IsInForceWithATerminal) {
  TerminalSession session("echo up; exec sleep 35.2");
  ASSERT_TRUE(session.expect("up"));
  expect_jailed(session.pid());
}

// The kernel goes on with poll(2) by another system call then.
TEST_F(JailTest, GoesOnAfterItWasStopped) {
  PipeSession pipes(arguments_for("echo up; read word; exit 4"));
  TerminalSession terminal("echo up; read word; echo got $word; exit 5");
  char text[3];
  ASSERT_EQ(read(pipes.out.get(), text, sizeof text), 3);
  ASSERT_TRUE(terminal.expect("up"));
  for (pid_t pid : {pipes.pid(), terminal.pid()}) {
    ASSERT_EQ(kill(pid, SIGSTOP), 0);
    int status = 0;
    ASSERT_EQ(waitpid(pid, &status, WUNTRACED), pid);
    ASSERT_TRUE(WIFSTOPPED(status));
    ASSERT_EQ(kill(pid, SIGCONT), 0);
  }
  ASSERT_EQ(write(pipes.in.get(), "x\n", 2), 2);
  terminal.type("word\n");
  EXPECT_EQ(WEXITSTATUS(pipes.wait()), 4);
  EXPECT_TRUE(terminal.expect("got word"));
  EXPECT_EQ(WEXITSTATUS(terminal.wait()), 5);
}

TEST_F(JailTest, EndsLikeItsCommandByAnySignalAndWithoutACore) {
  for (int number :
       {SIGHUP, SIGINT, SIGQUIT, SIGABRT, SIGKILL, SIGSEGV, SIGPIPE, SIGTERM, SIGSYS, 34}) {
    SCOPED_TRACE(number);
    // Bash ignores SIGQUIT.
    const std::string command = "exec sh -c 'kill -" + std::to_string(number) + " $$; sleep 5'";
    TerminalSession terminal(command);
    for (int status : {run(command).status, terminal.wait()}) {
      EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == number) << status;
      EXPECT_FALSE(WCOREDUMP(status));
    }
  }
}

TEST_F(JailTest, RelaysAHundredMegabytes) {
  constexpr size_t kSize = 100'000'000;
  TerminalSession session("stty -opost; head -c 100000000 /dev/zero | tr '\\0' y; exit 6");
  EXPECT_EQ(session.count_to_end(), kSize);
  EXPECT_EQ(WEXITSTATUS(session.wait()), 6);
}

}  // namespace
}  // namespace labgpu::login_test
