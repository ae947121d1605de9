// What the helper does meanwhile, for commands that take long.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "cli/command.h"
#include "cli/result.h"

namespace labgpu {

// Makes a call of which replies before the last one have `work`, and shows that at a terminal.
Result<nlohmann::json> call_with_work(const CommandLine& line, const std::string& method,
                                      const nlohmann::json& parameters);

// {"name": NAME}; of a user's own account nothing.
nlohmann::json about(const std::string& name);

}  // namespace labgpu
