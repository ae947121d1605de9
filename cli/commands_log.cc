// labgpu log.
#include <unistd.h>

#include <iomanip>
#include <iostream>
#include <memory>
#include <optional>

#include "cli/local_time.h"
#include "cli/shared_commands.h"
#include "cli/table.h"

namespace labgpu {

namespace {

using nlohmann::json;

// How often it is asked what is new.
constexpr unsigned kPauseSeconds = 1;

struct Options {
  std::string name;
  std::optional<uint64_t> lines;
  std::string since;
  bool follow = false;
};

// One line each, with columns that do not depend on what comes later.
void print_entries(const json& reply) {
  constexpr int kUser = 12;
  constexpr int kEvent = 8;
  for (const auto& entry : reply.at("entries")) {
    std::cout << local_second(entry.at("atUSec").get<uint64_t>()) << "  " << std::left
              << std::setw(kUser) << printable(entry.at("user").get<std::string>()) << "  "
              << std::setw(kEvent) << printable(entry.at("event").get<std::string>()) << "  "
              << printable(entry.at("message").get<std::string>()) << '\n';
  }
  std::cout << std::flush;
}

// Until Ctrl-C, or until nobody reads any more.
Result<void> follow(const CommandLine& line, json parameters, json reply) {
  while (std::cout.good()) {
    if (reply.contains("cursor")) parameters["after"] = reply["cursor"];
    sleep(kPauseSeconds);
    auto next = call_helper(line, "ReadLog", parameters);
    if (!next) return Failed(next.error());
    // Without a cursor there was nothing at all yet.
    print_entries(*next);
    reply = std::move(*next);
  }
  return {};
}

Result<void> show_log(const CommandLine& line, const Options& options) {
  json parameters = json::object();
  if (!options.name.empty()) parameters["name"] = options.name;
  if (options.lines) parameters["lines"] = *options.lines;
  if (!options.since.empty()) parameters["since"] = options.since;
  auto reply = call_helper(line, "ReadLog", parameters);
  auto shown = show_reply(line, reply, print_entries);
  if (!shown || !options.follow) return shown;
  return follow(line, std::move(parameters), *reply);
}

}  // namespace

void add_log_command(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<Options>();
  auto* command = add_query(app, line, "log", "What happened to logins and containers");
  add_name(*command, line, options->name, WithoutName::kIsAllAccounts);
  command->add_option("--lines", options->lines, "The last that many, 1 to 1000; 100 without it")
      ->check(CLI::Range(1, 1000));
  command->add_option("--since", options->since, "Nothing older: 2026-12-31, 2026-12-31T18:00");
  auto* going_on =
      command->add_flag("--follow", options->follow, "Go on with what comes; Ctrl-C ends it");
  going_on->excludes(command->get_option("--json"));
  command->callback(
      [&line, options] { line.command = [&line, options] { return show_log(line, *options); }; });
}

}  // namespace labgpu
