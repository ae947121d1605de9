// A point on the monotonic clock by which something must have happened.
#pragma once

#include <limits.h>
#include <stdint.h>
#include <time.h>

namespace labgpu {

// A value; steps of the wall clock do not move it.
class Deadline {
 public:
  static Deadline after_ms(uint32_t milliseconds) { return Deadline(now_ms() + milliseconds); }
  static constexpr Deadline never() { return Deadline(INT64_MAX); }

  // What is left, as poll(2) takes it: 0 when over, -1 for never.
  [[nodiscard]] int poll_timeout() const {
    if (at_ms_ == INT64_MAX) return -1;
    int64_t left = at_ms_ - now_ms();
    if (left <= 0) return 0;
    return left > INT_MAX ? INT_MAX : static_cast<int>(left);
  }

 private:
  explicit constexpr Deadline(int64_t at_ms) : at_ms_(at_ms) {}
  static int64_t now_ms() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
  }
  int64_t at_ms_;
};

}  // namespace labgpu
