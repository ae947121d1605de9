// The administrator's command line: its subcommands, and the parser that holds them.
#pragma once

#include "cli/command.h"

namespace labgpu {

// The field of a reply with a password that the helper made.
inline constexpr char kGeneratedPassword[] = "generatedPassword";

// Shows the password that the helper made for that account; nobody sees it again.
void print_generated_password(const std::string& name, const nlohmann::json& reply);

// Each adds its subcommands to the parser. `line` must outlive it.
void add_user_commands(CLI::App& app, CommandLine& line);
// import and export, to the group `user`.
void add_transfer_commands(CLI::App& group, CommandLine& line);
void add_remove_command(CLI::App& group, CommandLine& line);  // of user
void add_passwd_command(CLI::App& app, CommandLine& line);
void add_key_commands(CLI::App& app, CommandLine& line);
void add_adopt_command(CLI::App& app, CommandLine& line);
void add_maintenance_commands(CLI::App& app, CommandLine& line);
void add_setup_command(CLI::App& app, CommandLine& line);
void add_image_commands(CLI::App& app, CommandLine& line);

// Parses and runs; prints the one line of an error; returns the exit status.
int run_command_line(int argc, const char* const* argv);

}  // namespace labgpu
