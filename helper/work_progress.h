// How far a method is that makes Docker work for long: the type Work of helper/org.labgpu.varlink.
#pragma once

#include <chrono>
#include <memory>

#include "helper/containers.h"
#include "helper/event_loop.h"
#include "helper/varlink_message.h"

namespace labgpu {

// Tells the caller once a second what is done and since when, as long as it lives.
class WorkProgress {
 public:
  // Borrows both, which must outlive it. `step` is the first one.
  WorkProgress(EventLoop& loop, const VarlinkCall& call, const char* step);

  // What to hand to the work, which may outlive this object. The steps are literals.
  [[nodiscard]] OnStep on_step() const;

 private:
  void arm();

  EventLoop& loop_;
  const VarlinkCall& call_;
  std::shared_ptr<const char*> step_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  EventSource timer_;
};

}  // namespace labgpu
