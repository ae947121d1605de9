// The group whose members administer labgpu as root does.
#pragma once

#include <sys/types.h>

#include <optional>

#include "helper/config.h"
#include "helper/error.h"

namespace labgpu {

// What find_host_group() says of labgpu-admin, once it is safe to go by it: never an id that
// labgpu gives to its own accounts, whose processes would then all be administrators'. When there
// is no such group, nobody but root administers, and the log says why.
std::optional<gid_t> usable_admin_group(const Result<std::optional<gid_t>>& found, IdRange ids);

}  // namespace labgpu
