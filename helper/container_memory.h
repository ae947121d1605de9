// How much memory a container uses.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace labgpu {

// Of the control group of that process, without the cache of files that the kernel can take back at
// once, as `docker stats` counts. From /proc and /sys below `root`, which tests set; nothing when
// these do not tell.
std::optional<uint64_t> memory_in_use(pid_t process, const std::string& root = {});

}  // namespace labgpu
