// labgpu sessions and kill.
#include <iostream>
#include <memory>
#include <optional>

#include "cli/command_line.h"
#include "cli/counted.h"
#include "cli/local_time.h"
#include "cli/table.h"

namespace labgpu {

namespace {

using nlohmann::json;

// "make -j8", "shell (terminal)"; a login that only forwards runs nothing.
std::string what_of(const json& login) {
  std::string what;
  for (const auto& command : login.at("commands")) {
    auto text = command.at("command").get<std::string>();
    if (text.empty()) text = "shell";
    if (command.at("terminal").get<bool>()) text += " (terminal)";
    what += (what.empty() ? "" : "; ") + text;
  }
  return what;
}

void print_logins(const json& reply) {
  Table table({"SESSION", "USER", "FROM", "SINCE", "WHAT"});
  for (const auto& login : reply.at("logins")) {
    table.add({std::to_string(login.at("number").get<uint64_t>()), login.at("user"),
               login.at("from"), local_time(login.at("sinceUSec").get<uint64_t>()),
               what_of(login)});
  }
  std::cout << table.render();
}

void add_sessions(CLI::App& app, CommandLine& line) {
  auto name = std::make_shared<std::string>();
  auto* command = add_query(app, line, "sessions", "Logins that are open, and what runs in them");
  command->add_option("NAME", *name, "All accounts without it");
  command->callback([&line, name] {
    line.command = [&line, name] {
      json parameters = json::object();
      if (!name->empty()) parameters["name"] = *name;
      return show_reply(line, call_helper(line, "ListLogins", parameters), print_logins);
    };
  });
}

void add_kill(CLI::App& app, CommandLine& line) {
  struct Options {
    std::string name;
    std::optional<uint64_t> number;
  };
  auto options = std::make_shared<Options>();
  auto* command = add_query(app, line, "kill", "End an account's logins, or one of them");
  command->add_option("NAME", options->name)->required();
  command->add_option("SESSION", options->number, "Its number, as `labgpu sessions` shows it");
  command->callback([&line, options] {
    line.command = [&line, options] {
      json parameters = {{"name", options->name}};
      if (options->number) parameters["number"] = *options->number;
      auto reply = call_helper(line, "EndLogins", parameters);
      return show_reply(line, reply, [&options](const json& done) {
        auto ended = done.at("ended").get<uint64_t>();
        std::cout << options->name << ": ended " << counted(ended, "session", "sessions") << '\n';
      });
    };
  });
}

}  // namespace

void add_session_commands(CLI::App& app, CommandLine& line) {
  add_sessions(app, line);
  add_kill(app, line);
}

}  // namespace labgpu
