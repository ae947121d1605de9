// Public keys as a table for people, on stdout. Takes a list of what the interface calls Key.
#pragma once

#include <nlohmann/json.hpp>

namespace labgpu {

void print_keys(const nlohmann::json& keys);

}  // namespace labgpu
