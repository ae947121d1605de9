// Whose accounts of the host get containers, as labgpu.json(5) says in "bridge".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/result.h"

namespace labgpu {

struct ConfiguredBridge {
  std::vector<std::string> groups;
  uint32_t first_uid = 1000;
};

// Without that section, or without the file, there are no groups. Reads nothing else of the file:
// labgpud is who judges it. `root` is the directory that stands for "/".
Result<ConfiguredBridge> configured_bridge(const std::string& root);

}  // namespace labgpu
