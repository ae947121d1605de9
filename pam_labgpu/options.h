// The module's options, as they stand after its name in a line of /etc/pam.d/sshd. Those of a
// password line are libpam's own (pam_get_authtok(3)).
#pragma once

#include <security/pam_modules.h>
#include <stdint.h>

namespace labgpu {

struct Options {
  bool debug = false;             // "debug": say in the log what is done, at level debug
  uint32_t timeout_seconds = 10;  // "timeout=1..60": how long a login waits for its container
};

// An option that is unknown or out of range is reported to the log and otherwise as if absent: a
// slip of the pen in a PAM file must not keep anybody out.
[[nodiscard]] Options parse_options(const pam_handle_t* pamh, int argc, const char** argv);

}  // namespace labgpu
