// labgpu sessions and kill.
#include <iostream>
#include <memory>
#include <optional>

#include "cli/counted.h"
#include "cli/input.h"
#include "cli/local_time.h"
#include "cli/own_loss.h"
#include "cli/shared_commands.h"
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
  if (login.value("own", false)) what += what.empty() ? "this one" : " (this one)";
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
  add_name(*command, line, *name, WithoutName::kIsAllAccounts);
  command->callback([&line, name] {
    line.command = [&line, name] {
      json parameters = json::object();
      if (!name->empty()) parameters["name"] = *name;
      return show_reply(line, call_helper(line, "ListLogins", parameters), print_logins);
    };
  });
}

struct KillOptions {
  std::string name;
  std::optional<uint64_t> number;
  bool yes = false;
};

Result<json> end_logins(const CommandLine& line, const std::string& name,
                        std::optional<uint64_t> number) {
  json parameters = {{"name", name}};
  if (number) parameters["number"] = *number;
  return call_helper(line, "EndLogins", parameters);
}

// A user's: all but the one that this command comes from, or the one with the number.
Result<json> end_own_logins(const CommandLine& line, const std::string& name,
                            const KillOptions& options) {
  if (options.number) {
    auto question = "End session " + std::to_string(*options.number) + " and what runs in it?";
    auto agreed = agree(options.yes, question, "nothing was ended");
    if (!agreed) return Failed(agreed.error());
    return end_logins(line, name, options.number);
  }
  auto listed = call_helper(line, "ListLogins", {{"name", name}});
  if (!listed) return listed;
  auto others = other_logins(*listed);
  uint64_t ended = 0;
  if (others.empty()) return json{{"ended", ended}};
  auto agreed = agree(options.yes, "End " + count_of_others(others) + " and what runs in them?",
                      "nothing was ended");
  if (!agreed) return Failed(agreed.error());
  for (const auto& login : others) {
    auto reply = end_logins(line, name, login.at("number").get<uint64_t>());
    // One that ended meanwhile is no failure.
    if (reply) ended += reply->at("ended").get<uint64_t>();
  }
  return json{{"ended", ended}};
}

Result<void> end_sessions(const CommandLine& line, const KillOptions& options) {
  auto name = account_of(line, options.name);
  if (!name) return Failed(name.error());
  auto reply = line.is_owners() ? end_own_logins(line, *name, options)
                                : end_logins(line, *name, options.number);
  return show_reply(line, reply, [&name](const json& done) {
    auto ended = done.at("ended").get<uint64_t>();
    std::cout << printable(*name) << ": ended " << counted(ended, "session", "sessions") << '\n';
  });
}

void add_kill(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<KillOptions>();
  auto* command =
      add_query(app, line, "kill",
                line.is_owners() ? "End your other sessions, or the one with that number"
                                 : "End an account's logins, or one of them");
  add_name(*command, line, options->name, WithoutName::kIsWrong);
  command->add_option("SESSION", options->number, "Its number, as `labgpu sessions` shows it");
  if (line.is_owners()) command->add_flag("--yes", options->yes, "Do not ask");
  command->callback([&line, options] {
    line.command = [&line, options] { return end_sessions(line, *options); };
  });
}

}  // namespace

void add_session_commands(CLI::App& app, CommandLine& line) {
  add_sessions(app, line);
  add_kill(app, line);
}

}  // namespace labgpu
