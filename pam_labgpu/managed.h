// Whose account is it? Decides for which names the module does anything at all.
#pragma once

#include <security/pam_modules.h>

namespace labgpu {

// True when the name service's answer for `user` is an account of labgpu: its shell is the session
// command, or its uid is the one that the account index gives that name. An unknown name and uid 0
// never are. Reads only what the name service and the index file say; asks no server of labgpu's.
// The shell alone is enough, so a damaged index does not turn a user into an ordinary host account.
[[nodiscard]] bool is_managed(pam_handle_t* pamh, const char* user);

// True when labgpu keeps the account's password: the index gives the name the uid that the name
// service does. Then no other PAM module can change it.
[[nodiscard]] bool has_password_here(pam_handle_t* pamh, const char* user);

}  // namespace labgpu
