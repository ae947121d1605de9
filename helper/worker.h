// A thread for what computes for long, so that the event loop does not.
//
// Jobs run one at a time, in the order in which they came, so they never take more than one
// processor. A job must not touch anything that the loop's thread uses: what it needs it is given,
// what it found it returns.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "common/unique_fd.h"
#include "helper/event_loop.h"
#include "helper/task.h"

namespace labgpu {

class Worker {
 public:
  explicit Worker(EventLoop& loop);
  // Waits for the job at hand; those that were not begun are forgotten.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // A job that nobody waits for any more is not begun.
  template <typename T>
  Task<T> run(std::function<T()> job) {
    auto outcome = std::make_shared<Shared<T>>();
    add([kept = std::weak_ptr(outcome), job = std::move(job)]() -> Finish {
      auto waited_for = kept.lock();
      if (!waited_for) return {};
      auto value = std::make_shared<T>(job());
      return [waited_for, value] { waited_for->set(std::move(*value)); };
    });
    co_return co_await *outcome;
  }

 private:
  using Finish = std::function<void()>;  // on the loop's thread
  using Job = std::function<Finish()>;   // on the worker's

  void add(Job job);
  void work();
  void finish_jobs();

  UniqueFd finished_event_;  // an eventfd, readable when finished_ is not empty
  EventSource on_finished_;
  std::mutex mutex_;  // of the three below
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  std::deque<Finish> finished_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace labgpu
