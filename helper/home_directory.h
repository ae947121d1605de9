// Makes the home directory of a new account; removes that and other directories of a former one.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "common/unique_fd.h"
#include "helper/directory_tree.h"
#include "helper/error.h"

namespace labgpu {

// Makes `path` (plain, absolute) as 0700 of uid:gid. Everything above it must exist, without
// symbolic links, and belong to root alone, so that nobody can move it while we look. True when it
// was made; false when it was there already and belongs to uid. An empty one of root or of
// `former_ids`, the ids of the same name that no account has, is made anew. kInvalid when it
// belongs to somebody else.
Result<bool> make_home(const std::string& path, uint32_t uid, uint32_t gid,
                       const std::vector<uint32_t>& former_ids = {});

// A directory in the home of `uid`, as its user may have put anything there: no symbolic link is
// followed and no mount is entered below the home, which may be one itself. What is above the home
// must be root's, as for make_home(). kNotFound when there is none.
Result<UniqueFd> open_in_home(const std::string& home, uint32_t uid, const std::string& name);

// Takes back a make_home() that answered true; only an empty directory is removed.
void remove_new_home(const std::string& path);

// What is in a directory that is a user's own, and all of it gone, as of directory_tree.h. What is
// above it must be root's, as for make_home(), so that nobody leads this elsewhere. Absent is
// nothing. Both may take long: for a worker's thread.
Result<TreeSize> measure_own_directory(const std::string& path, std::chrono::milliseconds limit,
                                       TreeWork& work);
Result<void> remove_own_directory(const std::string& path, TreeWork& work);

}  // namespace labgpu
