// Moments for people.
#pragma once

#include <cstdint>
#include <string>

namespace labgpu {

// Microseconds since 1970 in UTC, in the server's own time zone: "2025-05-20 14:03".
std::string local_time(uint64_t microseconds);
// The same with seconds: "2025-05-20 14:03:59".
std::string local_second(uint64_t microseconds);

}  // namespace labgpu
