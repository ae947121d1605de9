// Work that is asked for often and need not be done as often.
#pragma once

#include <functional>
#include <utility>

#include "helper/task.h"

namespace labgpu {

// Runs one at a time, and once more when it was asked for meanwhile: whoever asks knows that all of
// it is done after that. However often it is asked for, at most one waits.
class RepeatedWork {
 public:
  explicit RepeatedWork(std::function<Task<void>()> work) : work_(std::move(work)) {}

  void ask() {
    asked_ = true;
    if (!running_) group_.add(run());
  }

 private:
  Task<void> run() {
    running_ = true;
    while (std::exchange(asked_, false)) {
      Task<void> once = work_();
      co_await once;
    }
    running_ = false;
  }

  std::function<Task<void>()> work_;
  bool asked_ = false;
  bool running_ = false;
  TaskGroup group_;  // last, so that its frames go before what they use
};

}  // namespace labgpu
