// The files behind the accounts: records, tombstones, authorized keys, the last id given out.
//
// Under the state directory (/var/lib/labgpu):
//   users/<name>.json            the record, 0600
//   tombstones/<name>.<uid>.json what was removed: name, ids and home, 0600
//   keys/<name>                  for sshd, 0644
//   last_id                      the highest id ever given out, 0600; ids are given out upwards, so
//                                that none is used again even when a record or tombstone is lost
// Every file is replaced whole. Errors are told, not logged.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "helper/account.h"
#include "helper/error.h"

namespace labgpu {

struct LoadedAccounts {
  std::vector<Account> accounts;
  // Records that cannot be read: the account's name, and why, with the path. They are left alone.
  std::map<std::string, std::string> damaged;
  // Records of accounts that have a tombstone: removed, though the record is still there.
  std::vector<std::string> removed;
  uint32_t highest_id = 0;
};

class AccountFiles {
 public:
  explicit AccountFiles(std::string state_directory);

  // Makes the directories that are missing.
  Result<void> prepare() const;
  Result<LoadedAccounts> load() const;

  Result<void> write_record(const Account& account) const;
  Result<void> remove_record(const std::string& name) const;
  Result<void> write_tombstone(const Account& account) const;
  Result<void> write_last_id(uint32_t id) const;

  Result<void> write_keys(const Account& account) const;
  Result<void> remove_keys(const std::string& name) const;
  // Removes every file of keys whose name is not an account's.
  Result<void> remove_other_keys(const std::vector<Account>& accounts) const;

  [[nodiscard]] std::string index_directory() const { return state_directory_ + "/nss"; }

 private:
  [[nodiscard]] std::string record_path(const std::string& name) const;
  [[nodiscard]] std::string keys_path(const std::string& name) const;

  std::string state_directory_;
};

}  // namespace labgpu
