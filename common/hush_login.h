// Whether a person wants to be left alone at a login.
#pragma once

namespace labgpu {

// There is a ~/.hushlogin, of whatever kind; it is not opened and no link is followed. sshd asks
// the same (OpenSSH session.c, check_quietlogin). `home` may be null: then there is none.
[[nodiscard]] bool wants_quiet_login(const char* home);

}  // namespace labgpu
