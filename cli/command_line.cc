// The parser of the administrator's command.
#include "cli/command_line.h"

#include "cli/shared_commands.h"

namespace labgpu {

namespace {

void build_parser(CLI::App& app, CommandLine& line) {
  app.set_version_flag("--version", "labgpu " LABGPU_VERSION);
  app.add_option("--socket", line.socket, "The helper's socket")->capture_default_str();
  app.require_subcommand(1);
  // Lets --socket stand behind the subcommand too.
  app.fallthrough();
  add_user_commands(app, line);
  add_passwd_command(app, line);
  add_key_commands(app, line);
  add_status_command(app, line);
  add_state_commands(app, line);
  add_adopt_command(app, line);
  add_rebuild_command(app, line);
  add_snapshot_commands(app, line);
  add_session_commands(app, line);
  add_log_command(app, line);
  add_ports_command(app, line);
  add_gpu_command(app, line);
  add_maintenance_commands(app, line);
  add_setup_command(app, line);
  add_image_commands(app, line);
  add_build_command(app, line);
}

}  // namespace

int run_command_line(int argc, const char* const* argv) {
  CLI::App app("labgpu: accounts and containers of a shared GPU server", "labgpu");
  CommandLine line;
  build_parser(app, line);
  return run_command(app, line, argc, argv);
}

}  // namespace labgpu
