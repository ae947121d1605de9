// What a user is told and asked before something of theirs ends.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "cli/command.h"

namespace labgpu {

// Of ListLogins' reply, the logins that this command does not come from.
nlohmann::json other_logins(const nlohmann::json& reply);

// "3 other sessions"
std::string count_of_others(const nlohmann::json& logins);

// Asks at the terminal before what runs in the container of `name` ends, with what is lost behind
// `question`; asks nothing when `yes`, or when the container does not run. Fails when the answer is
// no, and with kExitUsage when there is no terminal to ask at.
Result<void> agree_to_end_container(const CommandLine& line, const std::string& name,
                                    const std::string& question, bool yes);

}  // namespace labgpu
