// Runs a coroutine to its end on a loop, as the helper's main would.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stdexcept>
#include <utility>

#include "helper/event_loop.h"
#include "helper/task.h"

namespace labgpu::testing_support {

// Turns the loop until `done`; throws after `limit`, so that no test hangs.
inline void run_until(EventLoop& loop, const std::function<bool()>& done,
                      std::chrono::seconds limit = std::chrono::seconds(60)) {
  auto end = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error("it never happened");
    loop.run_once(std::chrono::milliseconds(50));
  }
}

template <typename T>
Task<void> keep_result(Task<T> task, std::optional<T>& out) {
  out.emplace(co_await task);
}

template <typename T>
T run_task(EventLoop& loop, Task<T> task) {
  std::optional<T> out;
  Task<void> keeper = keep_result(std::move(task), out);
  keeper.start();
  run_until(loop, [&] { return keeper.done(); });
  return std::move(*out);
}

}  // namespace labgpu::testing_support
