// The running sshd: made to read its configuration again.
#pragma once

#include <string>

#include "cli/result.h"
#include "cli/subprocess.h"

namespace labgpu {

// Returns a sentence that says what was done, or what the administrator has to do. Sessions go on.
Result<std::string> reload_sshd(const HeldSignals& signals);

}  // namespace labgpu
