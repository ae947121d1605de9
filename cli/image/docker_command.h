// The docker command, for what administrators do with images themselves.
#pragma once

#include <string>

#include "cli/result.h"
#include "cli/subprocess.h"

namespace labgpu {

// Before minutes of work are done for nothing: is there a Docker, and does it take such a name?
Result<void> require_docker(const std::string& tag, const HeldSignals& signals);

}  // namespace labgpu
