// labgpu status, start, stop, restart.
#include <array>
#include <memory>

#include "cli/container_view.h"
#include "cli/own_loss.h"
#include "cli/shared_commands.h"

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

struct StateChange {
  const char* command;
  const char* method;
  const char* description;
  const char* own_description;
  const char* question;  // for the owner, before what runs in it ends; null when nothing does
};

constexpr std::array<StateChange, 3> kStateChanges{{
    {"start", "Start", "Start an account's container, made first when there is none",
     "Start your container, made first when there is none", nullptr},
    {"stop", "Stop", "Stop an account's container; its sessions end",
     "Stop your container; what runs in it ends", "Stop your container?"},
    {"restart", "Restart", "Stop and start an account's container; its sessions end",
     "Stop and start your container; what runs in it ends", "Restart your container?"},
}};

struct StateOptions {
  std::string name;
  bool yes = false;
};

Result<void> change_state(const CommandLine& line, const StateChange& change,
                          const StateOptions& options) {
  auto name = account_of(line, options.name);
  if (!name) return Failed(name.error());
  if (line.is_owners() && change.question != nullptr) {
    auto agreed = agree_to_end_container(line, *name, change.question, options.yes);
    if (!agreed) return agreed;
  }
  auto reply = call_helper(line, change.method, {{"name", *name}}, kContainerTimeout);
  return show_reply(line, reply, [](const json& found) {
    print_containers(json::array({found.at("container")}));
  });
}

}  // namespace

void add_status_command(CLI::App& app, CommandLine& line) {
  auto name = std::make_shared<std::string>();
  auto* show = add_query(app, line, "status", "Containers and their sessions");
  add_name(*show, line, *name, WithoutName::kIsAllAccounts);
  show->callback([&line, name] { line.command = [&line, name] { return status(line, *name); }; });
}

void add_state_commands(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<StateOptions>();
  for (const auto& change : kStateChanges) {
    auto* command = add_query(app, line, change.command,
                              line.is_owners() ? change.own_description : change.description);
    add_name(*command, line, options->name, WithoutName::kIsWrong);
    if (line.is_owners() && change.question != nullptr) {
      command->add_flag("--yes", options->yes, "Do not ask");
    }
    command->callback([&line, options, &change] {
      line.command = [&line, options, &change] { return change_state(line, change, *options); };
    });
  }
}

}  // namespace labgpu
