// Which variables of a login's environment the container gets to see.
//
// sshd's environment holds what the client sent (AcceptEnv), what PAM modules of the host set, and
// what sshd sets itself. PATH, LD_*, XDG_RUNTIME_DIR and their like name things of the host, so a
// variable passes only when it is in the table of environment.cc.
#pragma once

#include "common/wire.h"

namespace labgpu {

// `assignment` is NAME=VALUE.
[[nodiscard]] bool passes_to_container(std::string_view assignment, bool took_original_command);

// Adds what passes; a value too large for the list is left out.
void add_environment(char* const* own, bool took_original_command, TextListBuilder& out);

}  // namespace labgpu
