// The conversation with the container's init.
#include "session/container.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/packet_socket.h"

namespace labgpu {

namespace {

// Init answers Hello at once, and Start once it has forked; this allows for a machine under load.
constexpr uint32_t kAnswerMs = 30000;
constexpr uint32_t kForwardMs = 1000;

// Relaying is only done with a terminal: any other file might never become ready, or block on
// close. fstat(3) of glibc 2.36 is newfstatat(2), which takes paths and is therefore not to be had
// in the jail; struct stat is the kernel's on 64-bit machines (sysdeps/unix/sysv/linux,
// kernel_stat.h).
bool is_terminal_master(int fd) {
  constexpr unsigned kMajor = 5;  // Documentation/admin-guide/devices.txt: /dev/ptmx is 5:2
  constexpr unsigned kMinor = 2;
  struct stat status {};
  return syscall(SYS_fstat, fd, &status) == 0 && S_ISCHR(status.st_mode) &&
         status.st_rdev == makedev(kMajor, kMinor);
}

// By dup3(2) itself, which is what dup2(3) calls on some machines only.
void give_up_stdio(int nothing) {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) syscall(SYS_dup3, nothing, fd, 0);
}

}  // namespace

int send_start(int init, const Start& start, std::span<unsigned char> buffer) {
  constexpr int kStdio[] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};
  int error = send_message(init, start, buffer, Deadline::after_ms(kAnswerMs),
                           std::span<const int>(kStdio, start.fd_count()));
  if (error == EMSGSIZE) {
    tell_user("the command and its environment are too long");
    return kRefused;
  }
  // An init that hung up has said why before.
  if (error == 0 || error == ECONNRESET) return 0;
  return tell_lost("the container does not take the command", error);
}

int take_started(int init, bool with_terminal, std::span<unsigned char> buffer, UniqueFd& master) {
  Packet packet;
  Failure failure;
  Hello hello;
  Deadline deadline = Deadline::after_ms(kAnswerMs);
  int error = receive_message(init, buffer, packet, hello, failure, deadline);
  if (error == EREMOTEIO) return tell_failure(failure);
  if (error != 0) return tell_lost("the container does not answer", error);
  if (hello.version != kProtocolVersion) {
    tell_user("the container runs another version of labgpu; restart it with `labgpu restart`");
    return kRefused;
  }
  Started started;
  error = receive_message(init, buffer, packet, started, failure, deadline);
  if (error == EREMOTEIO) return tell_failure(failure);
  if (error == 0 && (started.terminal == 1) != with_terminal) error = EPROTO;
  if (error == 0 && with_terminal && !is_terminal_master(packet.fds[0].get())) error = EPROTO;
  if (error != 0) return tell_lost("the container does not start the command", error);
  if (with_terminal) master = static_cast<UniqueFd&&>(packet.fds[0]);
  return 0;
}

int take_ending(int init, Ending& out) {
  unsigned char buffer[kSmallPacket];
  Packet packet;
  Failure failure;
  Exited exited;
  int error =
      receive_message(init, buffer, packet, exited, failure, Deadline::after_ms(kForwardMs));
  if (error == 0) out = {.by_signal = exited.by_signal == 1, .value = exited.value};
  return error;
}

void forward_signal(int init, uint32_t number) {
  Signal signal{.number = static_cast<uint8_t>(number)};
  [[maybe_unused]] int error = send_message(init, signal, Deadline::after_ms(kForwardMs));
}

int wait_without_terminal(int init, int signals, int nothing, Ending& out) {
  give_up_stdio(nothing);
  for (;;) {
    pollfd waited[] = {{.fd = signals, .events = POLLIN, .revents = 0},
                       {.fd = init, .events = POLLIN, .revents = 0}};
    if (poll(waited, 2, -1) < 0 && errno != EINTR) return errno;
    if (waited[1].revents != 0) return take_ending(init, out);
    signalfd_siginfo signal{};
    if (waited[0].revents != 0 && read(signals, &signal, sizeof signal) == sizeof signal) {
      forward_signal(init, signal.ssi_signo);
    }
  }
}

}  // namespace labgpu
