// Makes the home directory of a new account.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "helper/error.h"

namespace labgpu {

// Makes `path` (plain, absolute) as 0700 of uid:gid. Everything above it must exist, without
// symbolic links, and belong to root alone, so that nobody can move it while we look. True when it
// was made; false when it was there already and belongs to uid. An empty one of root or of
// `former_ids`, the ids of the same name that no account has, is made anew. kInvalid when it
// belongs to somebody else.
Result<bool> make_home(const std::string& path, uint32_t uid, uint32_t gid,
                       const std::vector<uint32_t>& former_ids = {});

// Takes back a make_home() that answered true; only an empty directory is removed.
void remove_new_home(const std::string& path);

}  // namespace labgpu
