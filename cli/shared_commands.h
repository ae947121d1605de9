// Subcommands that both an administrator and, for their own account, a user has.
#pragma once

#include "cli/command.h"

namespace labgpu {

// Each adds its subcommands to the parser. `line` must outlive it.
void add_status_command(CLI::App& app, CommandLine& line);
void add_state_commands(CLI::App& app, CommandLine& line);  // start, stop, restart
void add_build_command(CLI::App& app, CommandLine& line);
void add_rebuild_command(CLI::App& app, CommandLine& line);
void add_snapshot_commands(CLI::App& app,
                           CommandLine& line);  // snapshot, snapshots, restore, export
void add_session_commands(CLI::App& app, CommandLine& line);
void add_log_command(CLI::App& app, CommandLine& line);
void add_gpu_command(CLI::App& app, CommandLine& line);
void add_ports_command(CLI::App& app, CommandLine& line);

}  // namespace labgpu
