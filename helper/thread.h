// Threads beside the event loop's.
#pragma once

#include <functional>
#include <thread>

namespace labgpu {

// Runs `work` on a new thread that takes no signals: these are the loop's. Throws as std::thread
// does.
std::thread start_thread(std::function<void()> work);

}  // namespace labgpu
