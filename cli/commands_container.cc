// labgpu status, start, stop, restart.
#include <array>
#include <memory>

#include "cli/command_line.h"
#include "cli/container_view.h"

namespace labgpu {

namespace {

using nlohmann::json;

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
