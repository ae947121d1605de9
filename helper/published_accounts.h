// What others read of the accounts: NSS and PAM the index, sshd the keys that the administrator
// gave.
//
// Below the state directory: nss/ and keys/<name>. Both are made from the records, so what a crash
// leaves of them is made anew at the next start.
#pragma once

#include <sys/types.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "helper/account.h"
#include "helper/config.h"
#include "helper/container_ids.h"
#include "helper/error.h"

namespace labgpu {

class PublishedAccounts {
 public:
  // `labgpu_gid`: of the group all accounts are members of.
  PublishedAccounts(std::string state_directory, gid_t labgpu_gid);

  // Makes the directories that are missing.
  Result<void> prepare() const;

  // What the index calls the users of containers from now on; nothing: they are the accounts.
  void set_container_ids(const std::optional<ContainerIds>& ids) { container_ids_ = ids; }
  [[nodiscard]] const std::optional<ContainerIds>& container_ids() const { return container_ids_; }

  // Of labgpu's own accounts.
  Result<void> publish_index(const std::vector<Account>& accounts) const;
  // Of the host's accounts.
  Result<void> publish_bridge(const BridgeSettings& bridge,
                              const std::vector<Account>& accounts) const;
  // A file that says the same already is left as it is.
  Result<void> publish_keys(const Account& account) const;
  Result<void> remove_keys(const std::vector<std::string>& names) const;
  // Removes every file of keys but these.
  Result<void> remove_other_keys(const std::set<std::string>& names) const;

 private:
  [[nodiscard]] std::string directory(const char* name) const;

  std::string state_directory_;
  gid_t labgpu_gid_;
  std::optional<ContainerIds> container_ids_;
};

}  // namespace labgpu
