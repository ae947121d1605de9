// Which directories of the server belong to one account, so that they go when it is purged.
#pragma once

#include <string>
#include <vector>

#include "helper/account.h"
#include "helper/account_store.h"
#include "helper/settings_policy.h"

namespace labgpu {

struct AccountDirectories {
  // The home, and mounts that would come from elsewhere for another name, as /data/{user} does.
  std::vector<std::string> own;
  // What its container shows besides.
  std::vector<std::string> shared;
};

// What another account has as its home or mounts, also in a part, is shared. kInvalid when the home
// cannot be the account's alone: another one's home or mount is in it.
Result<AccountDirectories> directories_of(const Account& account, const AccountStore& accounts,
                                          const SettingsPolicy& policy);

}  // namespace labgpu
