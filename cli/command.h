// What the subcommands of labgpu, the administrator's and the users' own, share: the options that
// all of them have, the account that they are about, and how they are run.
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/result.h"
#include "cli/varlink_client.h"
#include "common/paths.h"

namespace labgpu {

// One run of labgpu. The parser fills it; it outlives the command.
struct CommandLine {
  std::string socket = kAdminSocket;
  // There already when it is a user's own command: then the account is theirs, and what ends
  // something of theirs asks first.
  std::shared_ptr<VarlinkClient> connection = nullptr;
  bool json = false;
  // The subcommand that was named.
  std::function<Result<void>()> command = nullptr;

  [[nodiscard]] bool is_owners() const { return connection != nullptr; }
};

// Connects where need be, and makes one call.
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

// Adds a subcommand that asks the helper, with --json.
CLI::App* add_query(CLI::App& parent, CommandLine& line, const std::string& name,
                    const std::string& description);

// What a missing NAME means to a command on the server itself.
enum class WithoutName { kIsWrong, kIsAllAccounts, kIsOwn };

// Gives a subcommand its argument NAME, the account that it is about. A user's own commands have
// none.
void add_name(CLI::App& command, const CommandLine& line, std::string& name, WithoutName without);

// The account that a command is about: `given`, which may be empty for all of them, or the user's
// own, which the helper knows.
Result<std::string> account_of(const CommandLine& line, const std::string& given);

// Parses and runs; prints the one line of an error; returns the exit status.
int run_command(CLI::App& app, const CommandLine& line, int argc, const char* const* argv);

}  // namespace labgpu
