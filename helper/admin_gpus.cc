// The method of org.labgpu about the server's GPUs.
#include <cstdint>
#include <map>
#include <string>

#include "helper/admin_methods.h"
#include "helper/admin_replies.h"

namespace labgpu {

namespace {

// What each user's processes have together; those of no user are under "".
nlohmann::json summed_by_user(const nlohmann::json& processes) {
  std::map<std::string, uint64_t> memory;
  for (const auto& process : processes) {
    auto user = process.find("user");
    auto used = process.find("memory");
    bool known = used != process.end() && used->is_number_unsigned();
    auto& sum = memory[user != process.end() && user->is_string() ? user->get<std::string>() : ""];
    if (known) sum += used->get<uint64_t>();
  }
  auto users = nlohmann::json::array();
  for (const auto& [user, bytes] : memory) {
    nlohmann::json entry = nlohmann::json::object();
    if (bytes != 0) entry["memory"] = bytes;
    if (!user.empty()) entry["user"] = user;
    users.push_back(std::move(entry));
  }
  return users;
}

// Who shares the server's GPUs is told what they do and for whom, and nothing that names a process
// or a card.
nlohmann::json for_owner(const nlohmann::json& report) {
  constexpr const char* kTold[] = {"index",       "name",        "problem",    "memoryUsed",
                                   "memoryTotal", "utilization", "temperature"};
  auto gpus = nlohmann::json::array();
  for (const auto& gpu : report.at("gpus")) {
    if (!gpu.is_object()) continue;
    nlohmann::json told = nlohmann::json::object();
    for (const char* field : kTold) {
      if (gpu.contains(field)) told[field] = gpu.at(field);
    }
    told["processes"] = summed_by_user(gpu.value("processes", nlohmann::json::array()));
    gpus.push_back(std::move(told));
  }
  return {{"gpus", std::move(gpus)}};
}

}  // namespace

Task<VarlinkReply> AdminMethods::list_gpus(const VarlinkCall& call) {
  JsonFields fields(call.parameters, "");
  if (auto finished = finish(fields); !finished) co_return VarlinkFailed(finished.error());
  auto asking = gpus_.report();
  auto report = co_await asking;
  if (!report) co_return container_failed(report.error());
  if (is_admin(call.peer)) co_return std::move(*report);
  co_return for_owner(*report);
}

}  // namespace labgpu
