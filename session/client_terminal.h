// The terminal that sshd made for the client: its modes, its size, and raw mode while we relay.
#pragma once

#include <asm/termbits.h>
#include <sys/ioctl.h>

#include "common/messages.h"

namespace labgpu {

// Descriptors 0 and 1. The kernel's termios2 and not glibc's termios, since the modes go to the
// container's terminal as they are.
class ClientTerminal {
 public:
  // Reads the modes and the size. False when stdin is not a terminal.
  [[nodiscard]] bool open();
  // Fills in the modes, which borrow from this object, and the size.
  void describe(Start& start) const;

  // No echo, no signals, no translation: bytes only, and no read or write that waits. Puts
  // everything back at destruction.
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
  bool raw_ = false;
};

}  // namespace labgpu
