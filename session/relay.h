// Moves bytes between the client's terminal and the container's, until the command ended.
#pragma once

#include <stddef.h>

#include "common/unique_fd.h"
#include "session/ending.h"

namespace labgpu {

// Bytes on their way in one direction. As many as fit are taken, so a slow end holds up a fast one.
class Flow {
 public:
  enum class Result { kMoved, kWait, kClosed };
  [[nodiscard]] bool has_room() const { return end_ < sizeof bytes_; }
  [[nodiscard]] bool is_empty() const { return begin_ == end_; }
  // One read(2), when there is room; kClosed at end of file or when the other side hung up (EIO).
  [[nodiscard]] Result fill(int fd);
  // One write(2), when there is something.
  [[nodiscard]] Result drain(int fd);

 private:
  char bytes_[16384];
  size_t begin_ = 0;
  size_t end_ = 0;
};

// For one terminal session. The client's terminal is descriptors 0 and 1, already raw; all
// descriptors are non-blocking.
class Relay {
 public:
  // Borrows `init` and `signals`; owns the master side.
  Relay(int init, int signals, UniqueFd master);

  // Returns 0 and how the command ended, after everything that its terminal still held has reached
  // the client; or the errno number with which the container was lost. When the client hangs up
  // and SIGHUP did not end the process, because it is not the terminal's or ignores it, the master
  // is closed, which hangs up the command's foreground group, and the ending is SIGHUP: what a
  // shell of a plain sshd dies of.
  [[nodiscard]] int run(Ending& out);

 private:
  struct Ready;
  [[nodiscard]] Ready wait() const;
  void take_signal();
  void move(const Ready& ready);
  void pass_output(bool more);
  void move_from_container();

  int init_;
  int signals_;
  UniqueFd master_;
  bool client_gone_ = false;
  bool container_closed_ = false;  // no process has the container's terminal open
  bool ended_ = false;             // Exited came
  bool drained_ = false;           // and nothing was left in the terminal
};

}  // namespace labgpu
