// The filter of system calls, without the other walls: what is in its table works, nothing else.
#include "session/syscall_filter.h"

#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include <functional>

#include "common/packet_socket.h"
#include "session/ending.h"
#include "tests/unit/session/confined_child.h"

namespace labgpu::session_test {
namespace {

// Descriptors as a session has them: a terminal of the client's as 0, init's socket, another
// terminal's master, and one more socket that init might have passed.
struct World {
  World() {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    init.reset(ends[0]);
    peer.reset(ends[1]);
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    passed.reset(ends[0]);
    passed_peer.reset(ends[1]);
    client.reset(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    EXPECT_EQ(unlockpt(client.get()), 0);
    stdio.reset(ioctl(client.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
    master.reset(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    EXPECT_TRUE(stdio.valid() && master.valid());
  }

  // How a child ends that does `inside` behind the filter; it exits with 251 when the filter is not
  // there.
  template <typename Function>
  [[nodiscard]] int confined(Function inside) const {
    constexpr int kNotConfined = 251;
    return status_of_child([&] {
      dup2(stdio.get(), STDIN_FILENO);
      if (allow_only_session_calls(init.get()) != 0) return kNotConfined;
      return inside();
    });
  }

  UniqueFd init, peer, passed, passed_peer, client, stdio, master;
};

template <typename... Arguments>
auto call(long number, Arguments... arguments) {
  return [=] { return syscall(number, arguments...) == -1 ? errno : 0; };
}

TEST(SyscallFilter, EndsWhoeverTriesAnythingElse) {
  const World world;
  static char path[] = "/";
  static msghdr packet{};
  const int passed = world.passed.get();
  const int master = world.master.get();
  const pid_t parent = getpid();
  const struct {
    const char* what;
    std::function<int()> attempt;
  } attempts[] = {
      {"openat", call(SYS_openat, AT_FDCWD, path, O_RDONLY)},
      {"openat2", call(SYS_openat2, AT_FDCWD, path, nullptr, 0)},
      {"newfstatat", call(SYS_newfstatat, AT_FDCWD, path, nullptr, 0)},
      {"statx", call(SYS_statx, AT_FDCWD, path, 0, 0, nullptr)},
      {"faccessat", call(SYS_faccessat, AT_FDCWD, path, 0)},
      {"readlinkat", call(SYS_readlinkat, AT_FDCWD, path, nullptr, 0)},
      {"getdents64", call(SYS_getdents64, 0, nullptr, 0)},
      {"chdir", call(SYS_chdir, path)},
      {"chroot", call(SYS_chroot, path)},
      {"unlinkat", call(SYS_unlinkat, AT_FDCWD, path, 0)},
      {"mount", call(SYS_mount, path, path, path, 0, nullptr)},
      {"open_tree", call(SYS_open_tree, AT_FDCWD, path, 0)},
      {"fchmod", call(SYS_fchmod, 0, 0)},
      {"fchown", call(SYS_fchown, 0, 0, 0)},
      {"memfd_create", call(SYS_memfd_create, path, 0)},

      {"socket", call(SYS_socket, AF_UNIX, SOCK_STREAM, 0)},
      {"socketpair", call(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, nullptr)},
      {"connect", call(SYS_connect, passed, nullptr, 0)},
      {"bind", call(SYS_bind, passed, nullptr, 0)},
      {"accept4", call(SYS_accept4, passed, nullptr, nullptr, 0)},
      {"sendto", call(SYS_sendto, passed, path, 1, 0, nullptr, 0)},
      {"sendmsg over another socket", call(SYS_sendmsg, passed, &packet, 0)},
      {"recvmsg over another socket", call(SYS_recvmsg, passed, &packet, 0)},
      {"setsockopt", call(SYS_setsockopt, passed, SOL_SOCKET, SO_PASSCRED, path, 4)},

      {"execve", call(SYS_execve, "/bin/true", nullptr, nullptr)},
      {"execveat", call(SYS_execveat, AT_FDCWD, "/bin/true", nullptr, nullptr, 0)},
      {"clone", call(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr)},
      {"clone3", call(SYS_clone3, nullptr, 0)},
      {"ptrace", call(SYS_ptrace, 0, 0, nullptr, nullptr)},
      {"process_vm_readv", call(SYS_process_vm_readv, parent, nullptr, 0, nullptr, 0, 0)},
      {"kill", call(SYS_kill, parent, 0)},
      {"tkill", call(SYS_tkill, parent, 0)},
      {"tgkill of another process", call(SYS_tgkill, parent, parent, 0)},
      {"pidfd_open", call(SYS_pidfd_open, parent, 0)},
      {"pidfd_getfd", call(SYS_pidfd_getfd, passed, 0, 0)},
      {"setsid", call(SYS_setsid)},
      {"unshare", call(SYS_unshare, 0)},
      {"setns", call(SYS_setns, passed, 0)},
      {"setuid", call(SYS_setuid, 0)},
      {"capset", call(SYS_capset, nullptr, nullptr)},
      {"prlimit64", call(SYS_prlimit64, 0, 0, nullptr, nullptr)},
      {"prctl", call(SYS_prctl, 4, 1, 0, 0, 0)},
      {"seccomp", call(SYS_seccomp, 0, 0, nullptr)},

      {"ioctl TIOCSTI", call(SYS_ioctl, 0, TIOCSTI, path)},
      {"ioctl TIOCSTI, upper half set", call(SYS_ioctl, 0, 0x100000000L | TIOCSTI, path)},
      {"ioctl TIOCLINUX", call(SYS_ioctl, 0, TIOCLINUX, path)},
      {"ioctl TIOCSCTTY", call(SYS_ioctl, 0, TIOCSCTTY, 0)},
      {"ioctl TIOCNOTTY", call(SYS_ioctl, 0, TIOCNOTTY, 0)},
      {"ioctl TIOCGPTPEER", call(SYS_ioctl, master, TIOCGPTPEER, 0)},
      {"ioctl FIONREAD", call(SYS_ioctl, 0, FIONREAD, path)},
      {"ioctl TCSETS2 of another terminal", call(SYS_ioctl, master, TCSETS2, path)},
      {"ioctl TIOCGWINSZ of another terminal", call(SYS_ioctl, master, TIOCGWINSZ, path)},
      {"fcntl F_DUPFD", call(SYS_fcntl, 0, F_DUPFD, 0)},
      {"fcntl F_SETOWN", call(SYS_fcntl, 0, F_SETOWN, parent)},
      {"dup", call(SYS_dup, 0)},
      {"dup3 onto init's socket", call(SYS_dup3, passed, world.init.get(), 0)},

      {"mmap",
       call(SYS_mmap, nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)},
      {"mprotect", call(SYS_mprotect, nullptr, 4096, PROT_EXEC)},
      {"brk", call(SYS_brk, nullptr)},
      {"bpf", call(SYS_bpf, 0, nullptr, 0)},
      {"io_uring_setup", call(SYS_io_uring_setup, 1, nullptr)},
      {"userfaultfd", call(SYS_userfaultfd, 0)},
      {"perf_event_open", call(SYS_perf_event_open, nullptr, 0, 0, -1, 0)},
      {"keyctl", call(SYS_keyctl, 0, 0, 0, 0, 0)},
      {"rt_sigreturn", call(SYS_rt_sigreturn)},
      {"no such call", call(100000)},
      {"minus one", call(-1)},
  };
  for (const auto& [what, attempt] : attempts) {
    int status = world.confined(attempt);
    EXPECT_TRUE(died_of(status, SIGSYS)) << what << " ended with status " << status;
  }
}

#ifdef __x86_64__
// The same numbers with x32's bit, and 32-bit calls, which have numbers of their own: there 39 is
// mkdir, here getpid.
TEST(SyscallFilter, EndsWhoeverUsesAnotherKindOfCall) {
  constexpr long kX32 = 0x40000000;
  const World world;
  EXPECT_TRUE(died_of(world.confined(call(kX32 | SYS_getpid)), SIGSYS));
  auto old_getpid = [] {
    long result = 20;  // getpid(2) of i386
    asm volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
    return result == getpid() ? 0 : 1;
  };
  // Not every kernel runs 32-bit programs.
  if (exited_with(status_of_child(old_getpid), 0)) {
    EXPECT_TRUE(died_of(world.confined(old_getpid), SIGSYS));
  }
}
#endif

TEST(SyscallFilter, LetsTerminalsBeUsed) {
  const World world;
  const int master = world.master.get();
  int status = world.confined([&] {
    termios2 modes{};
    winsize size{};
    char byte = 'x';
    pollfd waited{.fd = STDIN_FILENO, .events = POLLOUT, .revents = 0};
    timespec now{};
    struct stat found {};
    if (ioctl(STDIN_FILENO, TCGETS2, &modes) != 0 || ioctl(STDIN_FILENO, TCSETS2, &modes) != 0)
      return 1;
    if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) != 0 || ioctl(master, TIOCSWINSZ, &size) != 0)
      return 2;
    if (fcntl(master, F_SETFL, fcntl(master, F_GETFL) | O_NONBLOCK) != 0) return 3;
    if (write(STDIN_FILENO, &byte, 1) != 1 || poll(&waited, 1, 100) != 1) return 4;
    if (read(master, &byte, 1) != -1 || errno == ENOSYS) return 5;
    if (syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now) != 0) return 6;
    if (syscall(SYS_fstat, master, &found) != 0 || !S_ISCHR(found.st_mode)) return 7;
    return close(master) == 0 ? 0 : 8;
  });
  EXPECT_TRUE(exited_with(status, 0)) << status;
}

TEST(SyscallFilter, LetsPacketsThroughWithDescriptors) {
  const World world;
  const Deadline soon = Deadline::after_ms(2000);
  const int passed = world.passed.get();
  const unsigned char terminal = 1;
  ASSERT_EQ(send_raw(world.peer.get(), MessageType::kStarted, Bytes(&terminal, 1),
                     std::span<const int>(&passed, 1), soon),
            0);
  int status = world.confined([&] {
    unsigned char buffer[kSmallPacket];
    Packet packet;
    Started started;
    Failure failure;
    if (receive_message(world.init.get(), buffer, packet, started, failure, soon) != 0) return 1;
    for (int fd : {0, 1, 2}) {
      if (syscall(SYS_dup3, packet.fds[0].get(), fd, 0) != fd) return 2;
    }
    return send_message(world.init.get(), Signal{.number = 9}, soon);
  });
  EXPECT_TRUE(exited_with(status, 0)) << status;
}

TEST(SyscallFilter, LetsTheSessionEndLikeItsCommand) {
  const World world;
  auto end = [&](Ending ending) {
    return world.confined([&] {
      end_like(ending);
      return 1;
    });
  };
  EXPECT_TRUE(exited_with(end({.by_signal = false, .value = 42}), 42));
  for (int number : {SIGHUP, SIGTERM, SIGKILL, SIGUSR1, SIGRTMAX}) {
    EXPECT_TRUE(died_of(end({.by_signal = true, .value = number}), number)) << number;
  }
}

// The kernel goes on with poll(2) by a call of its own then, restart_syscall(2).
TEST(SyscallFilter, LetsAStoppedProcessGoOn) {
  const World world;
  pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (allow_only_session_calls(world.init.get()) != 0) _exit(1);
    pollfd waited{.fd = world.init.get(), .events = POLLIN, .revents = 0};
    _exit(poll(&waited, 1, 10000) == 1 ? 0 : 2);
  }
  usleep(50000);
  int status = 0;
  ASSERT_EQ(kill(pid, SIGSTOP), 0);
  ASSERT_EQ(waitpid(pid, &status, WUNTRACED), pid);
  ASSERT_EQ(kill(pid, SIGCONT), 0);
  usleep(50000);
  EXPECT_EQ(send_message(world.peer.get(), Hello{}, Deadline::after_ms(2000)), 0);
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(exited_with(status, 0)) << status;
}

}  // namespace
}  // namespace labgpu::session_test
