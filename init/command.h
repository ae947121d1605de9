// Starts one command of one account: what sshd's do_child() does, inside the container.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/messages.h"
#include "common/parse.h"
#include "common/text_buffer.h"

namespace labgpu {

// Whom a connection's command is for; owned texts, since the packet they came in is gone by then.
struct Login {
  TextBuffer<kMaxUserName> name;
  TextBuffer<Identity::kMaxHome> home;
  // Another one than `home` for an account that logs in as root.
  TextBuffer<Identity::kMaxHome> account_home;
  uint32_t uid = 0;
  uint32_t gid = 0;
  bool account_is_new = false;
};

struct Command {
  const Login& login;
  const Start& start;
  int stdio[3];               // borrowed; with a terminal its slave, three times
  const char* terminal_name;  // null without a terminal
};

// Forks; the child never returns. Its process id is the id of its session and process group too.
// What goes wrong in the child is written to its stderr, as sshd does. Returns an errno number.
[[nodiscard]] int start_command(const Command& command, pid_t& pid);

}  // namespace labgpu
