// The session command ends exactly as the command did.
#include "session/ending.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace labgpu {
namespace {

int status_after(Ending ending) {
  pid_t pid = fork();
  if (pid == 0) {
    // As main() has it: no core file, and the signals that are relayed are blocked.
    prctl(PR_SET_DUMPABLE, 0);
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, nullptr);
    signal(SIGPIPE, SIG_IGN);
    end_like(ending);
  }
  int status = 0;
  waitpid(pid, &status, WUNTRACED);
  return status;
}

TEST(EndLike, GivesEveryExitStatus) {
  for (int value = 0; value < 256; ++value) {
    int status = status_after({.by_signal = false, .value = value});
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == value) << value;
  }
}

TEST(EndLike, DiesOfTheSameSignalWithoutACore) {
  for (int value : {SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGABRT, SIGKILL, SIGSEGV, SIGPIPE, SIGTERM,
                    SIGUSR1, SIGXCPU, SIGSYS, SIGRTMIN, SIGRTMAX}) {
    int status = status_after({.by_signal = true, .value = value});
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == value) << value;
    EXPECT_FALSE(WCOREDUMP(status)) << value;
  }
}

TEST(EndLike, AnImpossibleSignalIsAnExitStatus) {
  for (int value : {0, SIGSTOP, SIGTSTP, SIGCHLD, SIGCONT, SIGWINCH, 65, 127}) {
    int status = status_after({.by_signal = true, .value = value});
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 128 + value) << value;
  }
}

TEST(StatusOfFailure, TellsTryLaterFromRefused) {
  EXPECT_EQ(status_of_failure(static_cast<uint16_t>(FailureCode::kNotYet)), kTryLater);
  EXPECT_EQ(status_of_failure(static_cast<uint16_t>(FailureCode::kUnavailable)), kTryLater);
  EXPECT_EQ(status_of_failure(static_cast<uint16_t>(FailureCode::kNotAllowed)), kRefused);
  EXPECT_EQ(status_of_failure(9999), kRefused);
}

}  // namespace
}  // namespace labgpu
