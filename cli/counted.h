// Numbers of things for people.
#pragma once

#include <cstdint>
#include <string>

namespace labgpu {

// "1 key", "3 keys".
inline std::string counted(uint64_t count, const std::string& one, const std::string& many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

}  // namespace labgpu
