// Writes the index that libnss_labgpu and pam_labgpu read (docs/PROTOCOL.md, "The index").
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "helper/account.h"
#include "helper/config.h"
#include "helper/container_ids.h"
#include "helper/error.h"

namespace labgpu {

// Replaces passwd.cdb, group.cdb and shadow.cdb in `directory`, which must exist, with what
// `accounts`, in any order, say, and the names in its "names" (helper/indexed_names.h).
// `labgpu_gid` is the group all of them are members of. The ids of `container_ids` get names that
// only a look-up by id answers (common/index_record.h), but for an id that an account has.
//
// All three are written before the first is replaced, so that a full disk or an account that the
// index cannot hold (kInvalid, names the account) leaves the old ones. passwd.cdb comes last: an
// account that can be looked up has its groups and its password already. Never resolves a name
// through NSS, of which this index is a part.
Result<void> write_index(const std::string& directory, const std::vector<Account>& accounts,
                         gid_t labgpu_gid,
                         const std::optional<ContainerIds>& container_ids = std::nullopt);

// Replaces bridge.cdb in `directory` (common/bridge_index.h): who of the host's accounts is served,
// and those that there are records of, in any order. Without a group there is no such file
// afterwards.
Result<void> write_bridge_index(const std::string& directory, const BridgeSettings& bridge,
                                const std::vector<Account>& accounts);

}  // namespace labgpu
