// Rows about many things that are slow to ask about: a few are asked for at a time, and one that
// does not come keeps no other back.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <nlohmann/json.hpp>
#include <vector>

#include "helper/event_loop.h"
#include "helper/task.h"

namespace labgpu {

class Overview {
 public:
  // Makes the row with this index.
  using Ask = std::function<Task<nlohmann::json>(size_t)>;
  static constexpr size_t kAtOnce = 8;

  // `rows` is what stands where no answer came. `loop`, and what `ask` refers to, must outlive
  // this.
  Overview(EventLoop& loop, Ask ask, std::vector<nlohmann::json> rows);

  // All rows, in their order, after `patience` at the latest; to be called once. What was not
  // answered by then is not asked any more.
  Task<std::vector<nlohmann::json>> rows(std::chrono::milliseconds patience);

 private:
  Task<void> ask_one_after_another();
  void finish();

  EventLoop& loop_;
  Ask ask_;
  std::vector<nlohmann::json> rows_;
  size_t next_ = 0;
  size_t answered_ = 0;
  Shared<bool> finished_;
  EventSource timer_;
  TaskGroup work_;  // last, so that its frames go before what they use
};

}  // namespace labgpu
