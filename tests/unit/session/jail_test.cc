// The jail as a whole: every wall is there, and without one of them it is not entered.
#include "session/jail.h"

#include <gmock/gmock.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <string>

#include "common/unique_fd.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/session/confined_child.h"

namespace labgpu::session_test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

// Capabilities as pam_cap(8) gives them to a user; only root can, and nobody else has any.
void take_ambient_capability() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(SYS_capget, &header, sets) != 0) return;
  sets[0].inheritable |= sets[0].permitted & (1U << CAP_KILL);
  syscall(SYS_capset, &header, sets);
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0);
}

// A jailed child that waits until its end is closed; its status file and its limits.
struct Jailed {
  Jailed() {
    int init[2], ready[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, init), 0);
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ready), 0);
    UniqueFd own(init[0]), ours(ready[0]), theirs(ready[1]);
    UniqueFd other(init[1]);
    pid_t pid = fork();
    char byte = 'x';
    if (pid == 0) {
      prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
      take_ambient_capability();
      byte = enter_jail(own.get()) == 0 ? 'j' : 'f';
      if (write(theirs.get(), &byte, 1) != 1) _exit(1);
      _exit(read(theirs.get(), &byte, 1) == 1 ? 0 : 2);
    }
    EXPECT_EQ(read(ours.get(), &byte, 1), 1);
    EXPECT_EQ(byte, 'j') << "the jail was not entered";
    status = test::read_file("/proc/" + std::to_string(pid) + "/status");
    limits = test::read_file("/proc/" + std::to_string(pid) + "/limits");
    EXPECT_EQ(write(ours.get(), &byte, 1), 1);
    int ended = 0;
    EXPECT_EQ(waitpid(pid, &ended, 0), pid);
    EXPECT_TRUE(exited_with(ended, 0)) << ended;
  }
  std::string status;
  std::string limits;
};

TEST(Jail, HasAllItsWalls) {
  const Jailed jailed;
  EXPECT_THAT(jailed.status, HasSubstr("NoNewPrivs:\t1\n"));
  EXPECT_THAT(jailed.status, HasSubstr("Seccomp:\t2\n"));
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapAmb"}) {
    EXPECT_THAT(jailed.status, HasSubstr(std::string(set) + ":\t0000000000000000\n"));
  }
  EXPECT_THAT(jailed.limits, ContainsRegex("Max processes +0 +0"));
}

TEST(Jail, LeavesNoCore) {
  int status = status_of_child([] {
    rlimit unlimited{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
    setrlimit(RLIMIT_CORE, &unlimited);
    if (enter_jail(STDIN_FILENO) != 0) return 1;
    raise(SIGQUIT);
    return 2;
  });
  EXPECT_TRUE(died_of(status, SIGQUIT)) << status;
  EXPECT_FALSE(WCOREDUMP(status));
}

TEST(Jail, IsNotEnteredWhenRightsCanStillBeGained) {
  pid_t pid = fork();
  if (pid == 0) _exit(enter_jail(STDIN_FILENO) == 0 ? 0 : 7);
  int status = 0;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(exited_with(status, 7)) << status;
}

}  // namespace
}  // namespace labgpu::session_test
