// Waiting for a descriptor to have something to read.
#pragma once

#include <chrono>

#include "helper/event_loop.h"
#include "helper/task.h"

namespace labgpu {

// True once `fd` is readable or at its end; false when that took longer than `patience`. The
// descriptor is borrowed.
Task<bool> wait_readable(EventLoop& loop, int fd, std::chrono::milliseconds patience);

}  // namespace labgpu
