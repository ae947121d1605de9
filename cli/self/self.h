// labgpu-self: what `ssh alice@host labgpu ...` runs, on the server and with alice's rights.
//
// labgpu-session starts it with a connection to the helper, which knows whose it is. It opens no
// file and asks no one else: what it can do is what the helper lets the owner of an account do.
#pragma once

#include "cli/command.h"
#include "common/unique_fd.h"

namespace labgpu {

// Each adds its subcommands to the parser. `line` must outlive it.
void add_own_status_command(CLI::App& app, CommandLine& line);
void add_own_passwd_command(CLI::App& app, CommandLine& line);
void add_own_keys_command(CLI::App& app, CommandLine& line);

// Parses and runs, over that connection; prints the one line of an error; returns the exit status.
int run_self(int argc, const char* const* argv, UniqueFd connection);

}  // namespace labgpu
