// The table of a user's own commands, and the parser that holds them.
#include "cli/self/self.h"

#include <iostream>
#include <utility>

#include "cli/shared_commands.h"

namespace labgpu {

namespace {

// Also what is done without a command.
void add_help_command(CLI::App& app, CommandLine& line) {
  app.add_subcommand("help", "This list; `labgpu COMMAND --help` explains one");
  line.command = [&app]() -> Result<void> {
    // Not app.help(), which explains the subcommand that was parsed.
    std::cout << app.get_formatter()->make_help(&app, app.get_name(), CLI::AppFormatMode::Normal);
    return {};
  };
}

// Everything that a user may do. What is not here does not exist.
constexpr void (*kCommands[])(CLI::App& app, CommandLine& line) = {
    add_own_status_command, add_state_commands,     add_build_command,    add_rebuild_command,
    add_snapshot_commands,  add_session_commands,   add_log_command,      add_gpu_command,
    add_ports_command,      add_own_passwd_command, add_own_keys_command, add_help_command,
};

}  // namespace

int run_self(int argc, const char* const* argv, UniqueFd connection) {
  CLI::App app("labgpu: your container on this server", "labgpu");
  CommandLine line;
  line.connection = std::make_shared<VarlinkClient>(VarlinkClient::over(std::move(connection)));
  // Not one at least: then a wrong word would be told as a missing one.
  app.require_subcommand(0, 1);
  for (const auto& add : kCommands) add(app, line);
  return run_command(app, line, argc, argv);
}

}  // namespace labgpu
