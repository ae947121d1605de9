// An image of Docker's, written to a file as `docker save` writes it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include "helper/error.h"

namespace labgpu {

// What another thread may look at, and how it ends the work.
struct ExportWork {
  std::atomic<uint64_t> bytes = 0;  // written
  std::atomic<bool> stop = false;
};

// What ends a transfer that no longer gets anywhere.
struct ExportLimits {
  std::chrono::seconds first{3600};  // Docker puts an image together before it sends the first byte
  std::chrono::seconds pause{600};   // then, as long with fewer than `least` bytes written
  uint64_t least = uint64_t{1} << 20;
};

// Blocks for as long as it takes: for a worker's thread. `target` is the request to Docker at
// `socket`, "/v1.41/images/NAME/get". Nothing of it is kept in memory but a piece at a time.
Result<void> save_image(const std::string& socket, const std::string& target, int fd,
                        ExportWork& work, ExportLimits limits = {});

}  // namespace labgpu
