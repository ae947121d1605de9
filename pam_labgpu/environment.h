// Cleans the environment that PAM modules leave for the session.
#pragma once

#include <security/pam_modules.h>

namespace labgpu {

// Removes every variable but LANG and LC_* with a plain value; false when memory ran out and the
// environment must not be used.
//
// sshd copies this environment over its own (OpenSSH session.c, do_setup_env), runs programs with
// it, xauth first (do_rc_files), and passes it on to the session command. On Debian 12 pam_env
// reads ~/.pam_environment, which container root can write, so LD_PRELOAD, PATH or HOME may stand
// there. The kept names only choose a locale, and a value without '/' only one that the host has.
// XDG_RUNTIME_DIR and XDG_SESSION_ID go too: the first names a directory that a container does not
// have, and the second would let a user name the login session of another, which pam_systemd
// releases, as root, at logout; without it logind ends the session when sshd's monitor ends.
[[nodiscard]] bool scrub_environment(pam_handle_t* pamh);

}  // namespace labgpu
