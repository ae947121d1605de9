// Which containers have to be looked at again: each once, however often it is asked for, a few at a
// time, first come, first served.
#pragma once

#include <functional>
#include <list>
#include <set>
#include <string>

#include "helper/task.h"

namespace labgpu {

// So that a flood of Docker's events is neither a flood of requests nor memory without an end. A
// container for which Docker does not answer keeps one place until its request has timed out, and
// none of the others.
class RefreshQueue {
 public:
  static constexpr size_t kAtOnce = 8;
  // Above what a server has. Further ones are left out: a login asks Docker for its container when
  // it is not known to run.
  static constexpr size_t kMostWaiting = 10000;

  explicit RefreshQueue(std::function<Task<void>(std::string id)> refresh)
      : refresh_(std::move(refresh)) {}

  // Once more after it is done when that container is being looked at.
  void add(std::string id);

  [[nodiscard]] size_t waiting() const { return waiting_.size(); }

 private:
  void begin_some();
  Task<void> run(std::string id);

  std::function<Task<void>(std::string id)> refresh_;
  std::set<std::string> waiting_;
  std::list<std::string> order_;  // in which these came
  std::set<std::string> running_;
  TaskGroup work_;  // last, so that its frames go before what they use
};

}  // namespace labgpu
