// Accounts as tables for people, on stdout. Each takes what the interface calls User.
#pragma once

#include <nlohmann/json.hpp>

namespace labgpu {

// One line for each.
void print_users(const nlohmann::json& users);

// Everything about one: settings under the names and in the form that `user set` takes, each with
// where it is from.
void print_user(const nlohmann::json& user);

}  // namespace labgpu
