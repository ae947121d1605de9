// What a person sees while the container is made ready: one line, drawn again and again in place.
#pragma once

#include <stddef.h>

#include "common/messages.h"
#include "common/text_buffer.h"
#include "common/tty_ioctl.h"

namespace labgpu {

// Wide terminals get no longer line than this.
inline constexpr size_t kLongestLine = 160;
using LineBuffer = TextBuffer<kLongestLine>;

// The line for a terminal of that many columns; it never fills the last column, where terminals
// differ in what they do next. What does not fit is left out, the least important first. The name
// of the image is only shown as far as it is printable ASCII.
void format_progress(const Progress& progress, size_t columns, LineBuffer& out);

// On stderr, which must be the terminal of stdin. At most one of these at a time: Ctrl-C ends the
// process in the usual way, after the line.
class ProgressLine {
 public:
  // A start that takes less than this is not worth a word.
  static constexpr uint32_t kQuietMs = 1000;

  void show(const Progress& progress);
  // Whether it was shown at any time: then what was typed meanwhile was not.
  [[nodiscard]] bool was_shown() const { return was_shown_; }
  // Takes the line away and gives the terminal back as it was. Nothing when nothing was shown.
  void clear();

  ProgressLine() = default;
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

 private:
  void begin();
  void draw(std::string_view text);

  termios2 modes_{};
  bool shown_ = false;
  bool was_shown_ = false;
  size_t width_ = 0;  // of what is on the line
};

}  // namespace labgpu
