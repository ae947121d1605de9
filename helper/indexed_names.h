// An empty file for each account of the index, named after it, so that libnss_labgpu can tell that
// somebody is not labgpu's with a single access(2): initgroups(3) asks every source about every
// account, root's logins and cron jobs included.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "helper/error.h"

namespace labgpu {

// In `directory`, which is made when it is missing. Names are added before the index has them and
// removed after, so that whoever is in the index is always there; one too many is harmless.
Result<void> add_indexed_names(const std::string& directory,
                               const std::set<std::string_view>& names);
Result<void> remove_other_indexed_names(const std::string& directory,
                                        const std::set<std::string_view>& names);

}  // namespace labgpu
