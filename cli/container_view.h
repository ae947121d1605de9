// Containers as tables and sentences for people, on stdout. Each takes what the interface calls
// Container.
#pragma once

#include <nlohmann/json.hpp>

namespace labgpu {

// One line for each, and what of their settings they have not got.
void print_containers(const nlohmann::json& containers);

// What of its settings the container has not got.
void print_differences(const nlohmann::json& container);

// What a change of settings has done to the container: the rest of SetUser's reply.
void print_change(const nlohmann::json& reply);

}  // namespace labgpu
