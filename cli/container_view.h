// Containers as tables and sentences for people, on stdout. Each takes what the interface calls
// Container.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace labgpu {

// One line for each; what of their settings they have not got; what befell them.
void print_containers(const nlohmann::json& containers);

// Since when it runs, in the server's own time zone; empty when it does not.
std::string started_text(const nlohmann::json& container);

// What of its settings it has not got.
void print_differences(const nlohmann::json& container);

// What befell it, and what will.
void print_life(const nlohmann::json& container);

// What a change of settings has done to the container: the rest of SetUser's reply.
void print_change(const nlohmann::json& reply);

}  // namespace labgpu
