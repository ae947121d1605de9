// What Docker says while it pulls.
#pragma once

#include <cstdint>
#include <string>

namespace labgpu::testing_support {

// A line about one layer, without the newline.
inline std::string step(const std::string& layer, const std::string& status) {
  return R"({"status":")" + status + R"(","progressDetail":{},"id":")" + layer + "\"}";
}
inline std::string step(const std::string& layer, const std::string& status, uint64_t current,
                        uint64_t total) {
  return R"({"status":")" + status + R"(","progressDetail":{"current":)" + std::to_string(current) +
         R"(,"total":)" + std::to_string(total) + R"(},"progress":"[=>  ]","id":")" + layer + "\"}";
}

}  // namespace labgpu::testing_support
