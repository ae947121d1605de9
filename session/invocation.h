// What the session command was called to do, from its arguments and environment.
//
//   called as                              by                                  runs
//   labgpu-session -c PATH-OF-ITSELF       sshd with the drop-in: the forced   the key's own
//   command=,
//                                          command, given to the NSS shell     else what the client
//                                                                              asked for, else a
//                                                                              login shell
//   labgpu-session -c COMMAND              sshd without the drop-in, `su -c`   COMMAND
//   labgpu-session -c -- COMMAND           popen(3) of glibc 2.38 and later,   COMMAND
//                                          with which sshd runs xauth
//   -labgpu-session (or any name, alone)   sshd without the drop-in, `su -`    a login shell
//
// sshd executes `SHELL -c COMMAND`, for a forced command too, whose environment then has what the
// client asked for in SSH_ORIGINAL_COMMAND (OpenSSH session.c, do_exec and do_child). A subsystem
// is a command like any other here: sshd puts the configured one in its place.
#pragma once

#include <string_view>

namespace labgpu {

struct Invocation {
  bool valid = false;  // false: called in none of the ways above
  bool login_shell = false;
  std::string_view command{};  // borrows from the arguments or the environment
  // SSH_ORIGINAL_COMMAND was used up: it is sshd's way of telling us, not the user's to see.
  bool took_original_command = false;
};

// With the drop-in sshd's forced command is this program, and the real one is to be found out.
[[nodiscard]] bool is_forced_by_drop_in(int argc, const char* const* argv);

// `original_command` is $SSH_ORIGINAL_COMMAND, null when not set. `key_command` is the login key's
// command=, null when it has none; it counts with the drop-in alone, and leaves the original
// command for the container to see.
[[nodiscard]] Invocation decide_invocation(int argc, const char* const* argv,
                                           const char* original_command,
                                           const char* key_command = nullptr);

}  // namespace labgpu
