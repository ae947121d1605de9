// An owned file descriptor: move-only, closed once, never mistaken for a number or a truth value.
#pragma once

#include <unistd.h>

namespace labgpu {

// Owns at most one descriptor. Not thread-safe. After fork(2) both processes own their own copy.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  // Borrows the descriptor; -1 when there is none.
  [[nodiscard]] int get() const { return fd_; }
  // Gives the descriptor away: the caller closes it.
  [[nodiscard]] int release() {
    int fd = fd_;
    fd_ = -1;
    return fd;
  }
  // close(2) is not retried: on Linux the descriptor is gone even after EINTR.
  void reset(int fd = -1) {
    if (fd_ >= 0) close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

}  // namespace labgpu
