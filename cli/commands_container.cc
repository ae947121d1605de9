// labgpu status, start, stop, restart.
#include <time.h>

#include <array>
#include <iostream>
#include <memory>

#include "cli/command_line.h"
#include "cli/table.h"

namespace labgpu {

namespace {

using nlohmann::json;

// RFC 3339 in UTC, as Docker gives it, in the server's own time zone: "2025-05-20 14:03". What is
// not understood is shown as it is.
std::string local_time(const std::string& text) {
  tm parts{};
  const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (rest == nullptr || text.back() != 'Z') return text;
  time_t seconds = timegm(&parts);
  if (localtime_r(&seconds, &parts) == nullptr) return text;
  std::array<char, 32> shown{};
  size_t length = strftime(shown.data(), shown.size(), "%Y-%m-%d %H:%M", &parts);
  return {shown.data(), length};
}

void print_containers(const json& containers) {
  Table table({"NAME", "STATE", "SESSIONS", "SINCE", "ADDRESS", "IMAGE", "CONTAINER"});
  for (const auto& container : containers) {
    table.add({container.at("user"), container.at("state"),
               std::to_string(container.at("sessions").get<uint64_t>()),
               local_time(container.at("startedAt")), container.at("address"),
               container.at("image"), container.at("name")});
  }
  std::cout << table.render();
}

Result<void> status(const CommandLine& line, const std::string& name) {
  json parameters = json::object();
  if (!name.empty()) parameters["name"] = name;
  auto reply = call_helper(line, "Status", parameters);
  return show_reply(line, reply,
                    [](const json& found) { print_containers(found.at("containers")); });
}

Result<void> change_state(const CommandLine& line, const std::string& method,
                          const std::string& name) {
  auto reply = call_helper(line, method, {{"name", name}}, kContainerTimeout);
  return show_reply(line, reply, [](const json& found) {
    print_containers(json::array({found.at("container")}));
  });
}

struct StateChange {
  const char* command;
  const char* method;
  const char* description;
};

constexpr std::array<StateChange, 3> kStateChanges{{
    {"start", "Start", "Start an account's container, made first when there is none"},
    {"stop", "Stop", "Stop an account's container; its sessions end"},
    {"restart", "Restart", "Stop and start an account's container; its sessions end"},
}};

}  // namespace

void add_container_commands(CLI::App& app, CommandLine& line) {
  auto name = std::make_shared<std::string>();
  auto* show = add_query(app, line, "status", "Containers and their sessions");
  show->add_option("NAME", *name, "All accounts without it");
  show->callback([&line, name] { line.command = [&line, name] { return status(line, *name); }; });

  for (const auto& change : kStateChanges) {
    auto* command = add_query(app, line, change.command, change.description);
    command->add_option("NAME", *name)->required();
    command->callback([&line, name, method = change.method] {
      line.command = [&line, name, method] { return change_state(line, method, *name); };
    });
  }
}

}  // namespace labgpu
