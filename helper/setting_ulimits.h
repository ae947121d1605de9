// The setting ulimits: limits of each process in a container, getrlimit(2).
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "helper/error.h"

namespace labgpu {

struct Ulimit {
  std::string name;  // "nofile"
  int64_t soft = 0;  // -1: unlimited
  int64_t hard = 0;
  bool operator==(const Ulimit&) const = default;
};

// "nofile=65536" or "nofile=1024:65536", soft before hard; "unlimited" may take a number's place.
Result<Ulimit> parse_ulimit(std::string_view text);
std::string to_text(const Ulimit& limit);

// Writes them into the body of POST /containers/create. Unless it is among them, "core" is as Linux
// and systemd give it to a host's users: no core files unless asked for (ulimit -c).
void put_ulimits(const std::vector<Ulimit>& limits, nlohmann::json& body);

}  // namespace labgpu
