// The settings cap_add and cap_drop: capabilities(7) that container root has beside Docker's or
// not.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "helper/error.h"

namespace labgpu {

// One of Linux' capabilities in any case, with or without "CAP_", or ALL; becomes "SYS_PTRACE".
Result<std::string> parse_capability(std::string_view text);

// Refuses what lets container root reach the server or other containers, unless root has `allowed`
// it for this server ("ALL" allows everything).
Result<void> check_added_capabilities(const std::vector<std::string>& added,
                                      std::span<const std::string> allowed);

// Refuses what labgpu's own first process in the container cannot do without.
Result<void> check_dropped_capabilities(const std::vector<std::string>& dropped);

}  // namespace labgpu
