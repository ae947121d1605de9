// The password stack: the old password of an account of labgpu's, and its new one.
#pragma once

#include <security/pam_modules.h>

namespace labgpu {

// What pam_sm_chauthtok does for an account whose password labgpu has, in either phase. libpam asks
// for passwords and forgets them; whether they are right and what is kept is the helper's business.
[[nodiscard]] int change_password(pam_handle_t* pamh, int flags);

// Remembers on the handle that PAM has authenticated its user, with a password.
[[nodiscard]] int note_password_login(pam_handle_t* pamh);
// After a login with a key alone it is false: sshd does not ask PAM then.
[[nodiscard]] bool is_password_login(const pam_handle_t* pamh);

}  // namespace labgpu
