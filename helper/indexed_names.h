// An empty file for each account of the index, named after it or after its uid. With the names
// libnss_labgpu can tell with a single access(2) that somebody is not labgpu's: initgroups(3) asks
// every source about every account, root's logins and cron jobs included. By the uids systemd can
// tell that somebody is, without a process (debian/user@.service.d).
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
