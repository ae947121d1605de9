// What runs in a login, found out from the host's processes.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace labgpu {

struct LoginCommand {
  std::string text;  // as the client sent it, cut when it is long; empty for a login shell
  bool terminal = false;
};

// A command for each labgpu-session, or labgpu-self, below sshd's process `process`: none for a
// login that only forwards. For people: the user's own words, and nothing when they cannot be read
// any more.
std::vector<LoginCommand> commands_of_login(pid_t process);

// For a log that is kept: "a shell at a terminal", "rsync". Of a command its first word alone,
// since what follows may be a secret.
std::string what_runs(pid_t session_command);

}  // namespace labgpu
