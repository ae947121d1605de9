// labgpu maintenance: closes the server to new logins, and opens it again.
#include <iostream>
#include <memory>

#include "cli/command_line.h"
#include "cli/table.h"

namespace labgpu {

namespace {

using nlohmann::json;

Result<void> show(const CommandLine& line) {
  auto reply = call_helper(line, "GetMaintenance", json::object());
  return show_reply(line, reply, [](const json& found) {
    auto message = printable(found.at("message").get<std::string>());
    bool on = found.at("on").get<bool>();
    std::cout << "maintenance is " << (on ? "on" : "off") << (message.empty() ? "" : ": " + message)
              << '\n';
  });
}

// Then says what counts from now on, as the helper knows it.
Result<void> change(const CommandLine& line, const std::string& method, const json& parameters) {
  auto reply = call_helper(line, method, parameters);
  if (!reply) return Failed(reply.error());
  return show(line);
}

}  // namespace

void add_maintenance_commands(CLI::App& app, CommandLine& line) {
  auto* group = add_query(app, line, "maintenance",
                          "Whether new logins are refused; sessions that are open go on");
  group->require_subcommand(0, 1)->fallthrough();
  group->callback([group, &line] {
    if (group->get_subcommands().empty()) line.command = [&line] { return show(line); };
  });

  auto message = std::make_shared<std::string>();
  auto* on = group->add_subcommand("on", "Refuse new logins until it is off");
  on->add_option("TEXT", *message, "What whoever is refused reads, such as \"back at 18:00\"");
  on->callback([&line, message] {
    line.command = [&line, message] {
      return change(line, "StartMaintenance", {{"message", *message}});
    };
  });
  auto* off = group->add_subcommand("off", "Let everybody in again");
  off->callback([&line] {
    line.command = [&line] { return change(line, "EndMaintenance", json::object()); };
  });
}

}  // namespace labgpu
