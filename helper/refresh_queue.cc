// The containers that wait for their turn, and those that have it.
#include "helper/refresh_queue.h"

#include <algorithm>
#include <utility>

namespace labgpu {

void RefreshQueue::add(std::string id) {
  if (waiting_.size() >= kMostWaiting) return;
  if (waiting_.insert(id).second) order_.push_back(std::move(id));
  begin_some();
}

void RefreshQueue::begin_some() {
  while (running_.size() < kAtOnce) {
    auto next = std::find_if(order_.begin(), order_.end(),
                             [this](const std::string& id) { return !running_.contains(id); });
    if (next == order_.end()) return;
    std::string id = std::move(*next);
    order_.erase(next);
    waiting_.erase(id);
    running_.insert(id);
    work_.add(run(std::move(id)));
  }
}

Task<void> RefreshQueue::run(std::string id) {
  Task<void> refreshing = refresh_(id);
  co_await refreshing;
  running_.erase(id);
  begin_some();
}

}  // namespace labgpu
