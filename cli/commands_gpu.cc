// labgpu gpu.
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "cli/shared_commands.h"
#include "cli/table.h"
#include "common/byte_size.h"

namespace labgpu {

namespace {

using nlohmann::json;

// NVML needs long on a server whose GPUs sleep; the helper gives up after 20 seconds.
constexpr std::chrono::milliseconds kGpuTimeout{30000};

std::string number_with(const json& gpu, const char* key, const char* unit) {
  return gpu.contains(key) ? std::to_string(gpu.at(key).get<uint64_t>()) + unit : "";
}

std::string memory_of(const json& gpu) {
  if (!gpu.contains("memoryUsed") || !gpu.contains("memoryTotal")) return "";
  return std::string(byte_size(gpu.at("memoryUsed").get<uint64_t>()).view()) + " / " +
         byte_size(gpu.at("memoryTotal").get<uint64_t>()).c_str();
}

// "alice 3.0 GiB, bob 12.5 GiB": what all processes of each have together. Those that are in no
// container of labgpu's are the server's own.
std::string users_of(const json& gpu) {
  std::map<std::string, uint64_t> memory;
  for (const auto& process : gpu.value("processes", json::array())) {
    memory[process.value("user", "(host)")] += process.value("memory", uint64_t{0});
  }
  std::string users;
  for (const auto& [user, bytes] : memory) {
    users += (users.empty() ? "" : ", ") + user +
             (bytes != 0 ? std::string(" ") + byte_size(bytes).c_str() : "");
  }
  return users;
}

void print_gpus(const json& reply) {
  Table table({"GPU", "NAME", "USE", "MEMORY", "TEMP", "USERS"});
  for (const auto& gpu : reply.at("gpus")) {
    auto users = gpu.contains("problem") ? gpu.at("problem").get<std::string>() : users_of(gpu);
    table.add({gpu.at("index"), gpu.value("name", ""), number_with(gpu, "utilization", " %"),
               memory_of(gpu), number_with(gpu, "temperature", " °C"), users});
  }
  std::cout << table.render();
}

}  // namespace

void add_gpu_command(CLI::App& app, CommandLine& line) {
  auto* command = add_query(app, line, "gpu", "The server's GPUs and whose containers use them");
  command->callback([&line] {
    line.command = [&line] {
      auto reply = call_helper(line, "ListGpus", json::object(), kGpuTimeout);
      return show_reply(line, reply, print_gpus);
    };
  });
}

}  // namespace labgpu
