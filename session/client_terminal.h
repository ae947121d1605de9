// The terminal that sshd made for the client: its modes, its size, and raw mode while we relay.
#pragma once

#include <stddef.h>

#include <span>

#include "common/messages.h"
#include "common/tty_ioctl.h"

namespace labgpu {

// What was typed before anybody made `terminal`, which is non-blocking and has these modes, raw.
// Its complete lines are taken as they were typed, a Ctrl-D included: with the change to raw mode
// the kernel would make a NUL of it. What was taken is at the beginning of `out`; returns its size.
[[nodiscard]] size_t take_typed_lines(int terminal, const termios2& modes, std::span<char> out);

// Descriptors 0 and 1. The kernel's termios2 and not glibc's termios, since the modes go to the
// container's terminal as they are.
class ClientTerminal {
 public:
  // Reads the modes and the size. False when stdin is not a terminal.
  [[nodiscard]] bool open();
  // Fills in the size, the modes and what was typed; the last two borrow from this object.
  void describe(Start& start) const;

  // Takes what was typed, and from now on no input is changed, echoed or made a signal, and no read
  // or write waits. Lines that are shown still begin at the left.
  void hold_input();
  // No output is changed either. Everything is put back at destruction.
  void make_raw();
  ~ClientTerminal() { restore(); }
  void restore();

  // Copies the size to the container's terminal, whose foreground group hears of it.
  static void copy_size(int master);

  ClientTerminal() = default;
  ClientTerminal(const ClientTerminal&) = delete;
  ClientTerminal& operator=(const ClientTerminal&) = delete;

 private:
  termios2 modes_{};
  winsize size_{};
  char typed_[Start::kMaxTyped] = {};
  size_t typed_size_ = 0;
  bool changed_ = false;
};

}  // namespace labgpu
