// Init's loop: accepts connections, reaps processes, and stops the container when told to.
#include "init/server.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/unix_address.h"
#include "init/log.h"

namespace labgpu {

namespace {

// What an epoll event is about: one of these, or the index of a connection.
constexpr uint64_t kSignals = UINT64_MAX;
constexpr uint64_t kListener = UINT64_MAX - 1;

// How often late peers are looked for, and a listener that was put to rest is tried again.
constexpr int kHousekeepingMs = 1000;
// Docker kills a container 10 seconds after it asked it to stop (docker stop, default of --time).
constexpr uint32_t kPatienceMs = 8000;
constexpr uint32_t kLastWaitMs = 1500;
constexpr uint32_t kHangUpAgainMs = 1000;

bool is_stop_signal(uint32_t number) {
  // Docker's default, Ctrl-C in the foreground, systemd's halt signal (STOPSIGNAL of images made to
  // run it), and lxc's power failure. The halt signal is SIGRTMIN+3 as glibc counts; musl's
  // SIGRTMIN is 35.
  constexpr uint32_t kHalt = 34 + 3;
  return number == SIGTERM || number == SIGINT || number == SIGPWR || number == kHalt;
}

int listen_at(const char* path, UniqueFd& out) {
  sockaddr_un address{};
  if (!set_unix_address(address, path)) return errno;
  out.reset(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!out.valid()) return errno;
  // The one of the container's last run.
  if (unlink(path) != 0 && errno != ENOENT) return errno;
  constexpr mode_t kOwnerOnly = 0177;
  mode_t before = umask(kOwnerOnly);
  int bound = bind(out.get(), as_sockaddr(address), sizeof address);
  int error = errno;
  umask(before);
  if (bound != 0) return error;
  return listen(out.get(), SOMAXCONN) == 0 ? 0 : errno;
}

int watch(int epoll, int fd, uint64_t what) {
  epoll_event event{.events = EPOLLIN, .data = {.u64 = what}};
  return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : errno;
}

}  // namespace

int Server::open(const char* path) {
  sigset_t all;
  sigfillset(&all);
  signals_.reset(signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_.valid()) return errno;
  epoll_.reset(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_.valid()) return errno;
  int error = listen_at(path, listener_);
  if (error == 0) error = watch(epoll_.get(), signals_.get(), kSignals);
  if (error == 0) error = watch(epoll_.get(), listener_.get(), kListener);
  listener_watched_ = error == 0;
  return error;
}

void Server::run() {
  while (!(stopping_ && (childless_ || leave_at_.poll_timeout() == 0))) {
    wait_for_event();
    if (children_waiting_) reap();
    if (stopping_ && !killed_ && hang_up_at_.poll_timeout() == 0) hang_up();
    if (stopping_ && kill_at_.poll_timeout() == 0) stop_harder();
    end_late_connections();
  }
}

int Server::next_timeout() {
  if (children_waiting_) return 0;
  int timeout = listener_watched_ || stopping_ ? -1 : kHousekeepingMs;
  for (const Connection& connection : slots()) {
    if (connection.in_use() && connection.command() == 0) timeout = kHousekeepingMs;
  }
  if (!stopping_) return timeout;
  int stop = killed_ ? leave_at_.poll_timeout() : kill_at_.poll_timeout();
  int hang_up = hang_up_at_.poll_timeout();
  if (!killed_ && hang_up < stop) stop = hang_up;
  return timeout < 0 || stop < timeout ? stop : timeout;
}

// One event at a time: a connection that ends can then not be meant by a later event of the same
// round. The kernel takes turns among the ready ones.
void Server::wait_for_event() {
  epoll_event event{};
  if (epoll_wait(epoll_.get(), &event, 1, next_timeout()) != 1) return;
  if (event.data.u64 == kSignals) {
    take_signal();
  } else if (event.data.u64 == kListener) {
    accept_connection();
  } else {
    connections_[event.data.u64].on_readable();
  }
}

void Server::accept_connection() {
  for (size_t i = 0; i < kMaxConnections; ++i) {
    if (connections_[i].in_use()) continue;
    UniqueFd peer(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (peer.valid() && watch(epoll_.get(), peer.get(), i) == 0) {
      connections_[i].begin(static_cast<UniqueFd&&>(peer));
      if (slots_ <= i) slots_ = i + 1;
    } else if (!peer.valid() && errno != EAGAIN && errno != ECONNABORTED && errno != EINTR) {
      // EMFILE, ENFILE, ENOMEM: the listener stays readable, and trying at once would spin.
      watch_listener(false);
    }
    return;
  }
  watch_listener(false);
}

void Server::watch_listener(bool watched) {
  epoll_event event{.events = watched ? static_cast<uint32_t>(EPOLLIN) : 0U,
                    .data = {.u64 = kListener}};
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, listener_.get(), &event) == 0) {
    listener_watched_ = watched;
  }
}

void Server::end_late_connections() {
  for (Connection& connection : slots()) {
    if (connection.is_late()) connection.end();
  }
  while (slots_ > 0 && !connections_[slots_ - 1].in_use()) --slots_;
  if (!listener_watched_ && !stopping_) watch_listener(true);
}

void Server::take_signal() {
  signalfd_siginfo signal{};
  if (read(signals_.get(), &signal, sizeof signal) != sizeof signal) return;
  if (signal.ssi_signo == SIGCHLD) children_waiting_ = true;
  if (is_stop_signal(signal.ssi_signo) && !stopping_) begin_stop();
}

void Server::reap() {
  // Bounded, so that a flood of short-lived orphans cannot keep a stop signal waiting.
  constexpr int kMaxPerRound = 256;
  for (int i = 0; i < kMaxPerRound; ++i) {
    int status = 0;
    pid_t pid = waitpid(-1, &status, WNOHANG);
    if (pid <= 0) {
      childless_ = pid < 0 && errno == ECHILD;
      children_waiting_ = false;
      return;
    }
    for (Connection& connection : slots()) {
      if (connection.command() == pid) connection.on_command_ended(status);
    }
  }
}

// SIGTERM for programs; SIGHUP for interactive shells, which ignore SIGTERM (bash(1), SIGNALS).
// kill(2) with -1 spares the caller, and reaches only this pid namespace.
void Server::begin_stop() {
  log_line("stopping");
  stopping_ = true;
  kill_at_ = Deadline::after_ms(kPatienceMs);
  leave_at_ = Deadline::after_ms(kPatienceMs + kLastWaitMs);
  listener_.reset();
  listener_watched_ = false;
  for (Connection& connection : slots()) {
    if (connection.in_use() && connection.command() == 0) connection.end();
  }
  kill(-1, SIGTERM);
  hang_up();
  children_waiting_ = true;
}

// Again and again: bash 5.2 forgets one that comes between the end of a command and the next prompt
// (11 of 3000 that came within 3 ms of the end). SIGCONT so that stopped ones see it.
void Server::hang_up() {
  kill(-1, SIGHUP);
  kill(-1, SIGCONT);
  hang_up_at_ = Deadline::after_ms(kHangUpAgainMs);
}

void Server::stop_harder() {
  if (!killed_) log_line("some processes did not end in time and are killed");
  killed_ = true;
  // Again at every round: a fork may have raced with the last one.
  kill(-1, SIGKILL);
}

}  // namespace labgpu
