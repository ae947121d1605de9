// How far something is, on one line of a terminal's standard error.
#pragma once

#include <string>

namespace labgpu {

// Gone when the object goes. Nothing is written where nobody looks.
class StatusLine {
 public:
  StatusLine();
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;
  ~StatusLine();

  // In place of what it showed before.
  void show(const std::string& text);

 private:
  bool watched_;
  bool shown_ = false;
};

}  // namespace labgpu
