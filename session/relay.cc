// Moves bytes between the client's terminal and the container's.
#include "session/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "session/client_terminal.h"
#include "session/container.h"

namespace labgpu {

namespace {

Flow to_container;
Flow to_client;

}  // namespace

Flow::Result Flow::fill(int fd) {
  if (is_empty()) begin_ = end_ = 0;
  if (!has_room()) return Result::kWait;
  ssize_t size = read(fd, bytes_ + end_, sizeof bytes_ - end_);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return Result::kWait;
  if (size <= 0) return Result::kClosed;
  end_ += static_cast<size_t>(size);
  return Result::kMoved;
}

Flow::Result Flow::drain(int fd) {
  if (is_empty()) return Result::kWait;
  ssize_t size = write(fd, bytes_ + begin_, end_ - begin_);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return Result::kWait;
  if (size < 0) return Result::kClosed;
  begin_ += static_cast<size_t>(size);
  if (is_empty()) begin_ = end_ = 0;
  return Result::kMoved;
}

// The poll(2) results of one round.
struct Relay::Ready {
  short signals = 0;
  short init = 0;
  short client_in = 0;
  short client_out = 0;
  short master = 0;
};

Relay::Relay(int init, int signals, UniqueFd master)
    : init_(init), signals_(signals), master_(static_cast<UniqueFd&&>(master)) {
  int flags = fcntl(master_.get(), F_GETFL);
  if (flags >= 0) fcntl(master_.get(), F_SETFL, flags | O_NONBLOCK);
}

int Relay::run(Ending& out) {
  // The size may have changed since it was sent, before anybody listened for SIGWINCH.
  ClientTerminal::copy_size(master_.get());
  while (!client_gone_) {
    if (ended_) move_from_container();
    if (ended_ && drained_ && to_client.is_empty()) return 0;
    Ready ready = wait();
    if (ready.init != 0) {
      int error = take_ending(init_, out);
      if (error != 0) return error;
      ended_ = true;
    }
    if (ready.signals != 0) take_signal();
    move(ready);
  }
  master_.reset();
  if (!ended_) out = {.by_signal = true, .value = SIGHUP};
  return 0;
}

Relay::Ready Relay::wait() const {
  bool read_client = !ended_ && to_container.has_room();
  bool read_master = !container_closed_ && to_client.has_room();
  bool write_master = !ended_ && !container_closed_ && !to_container.is_empty();
  auto wanted = [](bool in, bool out) {
    return static_cast<short>((in ? POLLIN : 0) | (out ? POLLOUT : 0));
  };
  // A master that nothing is wanted of is left out: it would report its hang-up over and over. The
  // client's terminal stays in, since its hang-up ends everything.
  pollfd waited[] = {
      {.fd = signals_, .events = POLLIN, .revents = 0},
      {.fd = ended_ ? -1 : init_, .events = POLLIN, .revents = 0},
      {.fd = STDIN_FILENO, .events = wanted(read_client, false), .revents = 0},
      {.fd = STDOUT_FILENO, .events = wanted(false, !to_client.is_empty()), .revents = 0},
      {.fd = read_master || write_master ? master_.get() : -1,
       .events = wanted(read_master, write_master),
       .revents = 0}};
  if (poll(waited, sizeof waited / sizeof waited[0], -1) < 0) return {};
  return {.signals = waited[0].revents,
          .init = waited[1].revents,
          .client_in = waited[2].revents,
          .client_out = waited[3].revents,
          .master = waited[4].revents};
}

void Relay::take_signal() {
  signalfd_siginfo signal{};
  if (read(signals_, &signal, sizeof signal) != sizeof signal) return;
  if (signal.ssi_signo == SIGWINCH) {
    ClientTerminal::copy_size(master_.get());
  } else {
    forward_signal(init_, signal.ssi_signo);
  }
}

void Relay::move(const Ready& ready) {
  using Result = Flow::Result;
  constexpr short kHungUp = POLLHUP | POLLERR | POLLNVAL;
  if (((ready.client_in | ready.client_out) & kHungUp) != 0) client_gone_ = true;
  if (ready.client_in != 0 && to_container.fill(STDIN_FILENO) == Result::kClosed) {
    client_gone_ = true;
  }
  // What came is passed on at once: a key that waited for poll(2) to say that the container's
  // terminal takes one would cost a round more.
  if (!ended_ && !container_closed_ && to_container.drain(master_.get()) == Result::kClosed) {
    container_closed_ = true;
  }
  pass_output(ready.master != 0);
}

// A terminal gives what it has in pieces of 4 KiB at most. While more is there and the client takes
// it, poll(2) has nothing to add; after some pieces keys and signals have their turn.
void Relay::pass_output(bool more) {
  constexpr int kPieces = 16;
  for (int piece = 0; piece < kPieces; ++piece) {
    Flow::Result filled = more ? to_client.fill(master_.get()) : Flow::Result::kWait;
    if (filled == Flow::Result::kClosed) container_closed_ = true;
    if (to_client.drain(STDOUT_FILENO) == Flow::Result::kClosed) client_gone_ = true;
    more = filled == Flow::Result::kMoved && to_client.is_empty();
    if (!more || client_gone_) return;
  }
}

// After Exited. The kernel finishes what is on its way between the two sides before it says EAGAIN
// to a reader (drivers/tty/n_tty.c, n_tty_read), so EAGAIN means that nothing is left.
void Relay::move_from_container() {
  while (!container_closed_ && to_client.has_room()) {
    Flow::Result result = to_client.fill(master_.get());
    if (result == Flow::Result::kClosed) container_closed_ = true;
    if (result == Flow::Result::kWait) drained_ = true;
    if (result != Flow::Result::kMoved) break;
  }
  if (container_closed_) drained_ = true;
}

}  // namespace labgpu
