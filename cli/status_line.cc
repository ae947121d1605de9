// A line that is written over.
#include "cli/status_line.h"

#include <unistd.h>

#include <iostream>

#include "cli/table.h"

namespace labgpu {

namespace {

constexpr char kEraseLine[] = "\r\x1b[K";  // ECMA-48, EL

}  // namespace

StatusLine::StatusLine() : watched_(isatty(STDERR_FILENO) != 0) {}

StatusLine::~StatusLine() {
  if (shown_) std::cerr << kEraseLine << std::flush;
}

void StatusLine::show(const std::string& text) {
  if (!watched_) return;
  std::cerr << kEraseLine << printable(text) << std::flush;
  shown_ = true;
}

}  // namespace labgpu
