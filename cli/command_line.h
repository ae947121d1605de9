// What the subcommands share: the options that all of them have, and how they are run.
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/result.h"
#include "cli/varlink_client.h"
#include "common/paths.h"

namespace labgpu {

// One run of labgpu. The parser fills it; it outlives the command.
struct CommandLine {
  std::string socket = kAdminSocket;
  bool json = false;
  // The subcommand that was named.
  std::function<Result<void>()> command;
};

// Connects and makes one call.
Result<nlohmann::json> call_helper(const CommandLine& line, const std::string& method,
                                   const nlohmann::json& parameters,
                                   std::chrono::milliseconds timeout = kCallTimeout,
                                   const VarlinkClient::OnProgress& on_progress = nullptr);

// A reply that does not have what the interface promises.
Failed bad_reply(const std::string& method);

// For commands that do not ask the helper, which knows for itself who is root.
Result<void> require_root();

// What --json prints.
void print_json(const nlohmann::json& value);

// Prints a call's reply, with `print` unless --json wants it as it is; passes an error on.
Result<void> show_reply(const CommandLine& line, const Result<nlohmann::json>& reply,
                        const std::function<void(const nlohmann::json&)>& print);

// The field of a reply with a password that the helper made.
inline constexpr char kGeneratedPassword[] = "generatedPassword";

// Shows the password that the helper made for that account; nobody sees it again.
void print_generated_password(const std::string& name, const nlohmann::json& reply);

// Adds a subcommand that asks the helper, with --json.
CLI::App* add_query(CLI::App& parent, CommandLine& line, const std::string& name,
                    const std::string& description);

// Each adds its subcommands to the parser. `line` must outlive it.
void add_user_commands(CLI::App& app, CommandLine& line);
// import and export, to the group `user`.
void add_transfer_commands(CLI::App& group, CommandLine& line);
void add_remove_command(CLI::App& group, CommandLine& line);  // of user
void add_passwd_command(CLI::App& app, CommandLine& line);
void add_key_commands(CLI::App& app, CommandLine& line);
void add_container_commands(CLI::App& app, CommandLine& line);
void add_session_commands(CLI::App& app, CommandLine& line);
void add_gpu_command(CLI::App& app, CommandLine& line);
void add_maintenance_commands(CLI::App& app, CommandLine& line);
void add_setup_command(CLI::App& app, CommandLine& line);
void add_image_commands(CLI::App& app, CommandLine& line);
void add_build_command(CLI::App& app, CommandLine& line);

// Parses and runs; prints the one line of an error; returns the exit status.
int run_command_line(int argc, const char* const* argv);

}  // namespace labgpu
