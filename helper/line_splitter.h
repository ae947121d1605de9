// A stream of bytes, cut into lines.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace labgpu {

// Pieces may end anywhere.
class LineSplitter {
 public:
  // Far above any line of Docker's: an event's labels are the largest of it.
  static constexpr size_t kMaxLine = size_t{1} << 20;

  // Calls back for each line that `piece` completes, without its newline; empty lines are passed
  // over. False when a line is longer than kMaxLine; then the stream is of no use any more.
  [[nodiscard]] bool feed(std::string_view piece,
                          const std::function<void(std::string_view)>& on_line);

 private:
  std::string begun_;
};

}  // namespace labgpu
