// The key that the client logged in with, and whether it is bound to a command.
#pragma once

#include <string_view>

#include "session/key_command.h"

namespace labgpu {

// Where the answers are found. Any of them may be null.
struct LoginKeySources {
  const char* auth_info;  // $SSH_USER_AUTH: the file that ExposeAuthInfo makes (sshd_config(5))
  const char* home;       // for .ssh/authorized_keys
  const char* user;       // for the administrator's keys
};

// Reads as the user, as sshd does. kForced: `command` is what to run whatever the client asked for.
// Returns an errno number when a file is there but cannot be read, so that a bound key is never
// taken for a free one; EFBIG for one of more than 256 KiB. Without $SSH_USER_AUTH, after a login
// by password, and for keys and certificates that are in neither file, kNotListed.
[[nodiscard]] int find_login_key_command(const LoginKeySources& sources, KeyCommand& result,
                                         KeyCommandText& command);

}  // namespace labgpu
