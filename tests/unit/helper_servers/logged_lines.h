// What the helper logs while a test looks.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <string>

#include "helper/log.h"

namespace labgpu::test {

// One at a time: it takes the process's stderr.
class LoggedLines {
 public:
  LoggedLines() {
    log_to_stderr(false);
    testing::internal::CaptureStderr();
  }
  ~LoggedLines() {
    if (looks_) testing::internal::GetCapturedStderr();
    log_to_journal(false);
  }
  LoggedLines(const LoggedLines&) = delete;
  LoggedLines& operator=(const LoggedLines&) = delete;

  // How many there were with `part` in them; ends the looking.
  size_t count(const std::string& part) {
    auto text = testing::internal::GetCapturedStderr();
    looks_ = false;
    size_t lines = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++lines;
    return lines;
  }

 private:
  bool looks_ = true;
};

}  // namespace labgpu::test
