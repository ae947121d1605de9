// All accounts: kept in memory, written through to files, published to NSS and sshd.
//
// The only writer. Every change is durable when it returns, record first and index last, so that a
// crash in between leaves a record from which the index is made again at the next start. When a
// change cannot be published it is taken back. Accounts are handed out as immutable snapshots; who
// changes one names the snapshot it started from, and is refused when somebody else was faster.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "helper/account.h"
#include "helper/account_files.h"
#include "helper/config.h"
#include "helper/error.h"
#include "helper/host_names.h"

namespace labgpu {

using AccountPointer = std::shared_ptr<const Account>;

class AccountStore {
 public:
  // Reads every record and publishes the index and the keys. A damaged record is logged, skipped
  // and left alone; its name and id stay taken. `host` must outlive the store.
  static Result<std::unique_ptr<AccountStore>> open(const std::string& state_directory, IdRange ids,
                                                    const HostNames& host);

  // nullptr when there is none.
  [[nodiscard]] AccountPointer find(const std::string& name) const;
  [[nodiscard]] AccountPointer find(uint32_t uid) const;
  // find() with the sentence: kNotFound for no such account, kInvalid for a damaged record.
  [[nodiscard]] Result<AccountPointer> get(const std::string& name) const;
  // In the order of names.
  [[nodiscard]] std::vector<AccountPointer> list() const;

  // An id for a new account of that name, never given out before and in use nowhere on the server.
  // kInvalid for a bad or reserved name, kExists for one that labgpu or the server has.
  Result<uint32_t> reserve_id(const std::string& name);
  // The account must have its ids and everything else. kExists, kInvalid.
  Result<AccountPointer> create(const Account& account);
  // `changed` has the name and ids of `seen`. kInvalid; kExists when the account is no longer
  // `seen`.
  Result<AccountPointer> put_if_unchanged(const AccountPointer& seen, const Account& changed);
  // Leaves a tombstone. The home directory is not touched.
  Result<void> remove(const AccountPointer& seen);

 private:
  AccountStore(AccountFiles files, IdRange ids, const HostNames& host);
  [[nodiscard]] Result<void> check_new_name(const std::string& name) const;
  [[nodiscard]] Result<void> check_unchanged(const AccountPointer& seen) const;
  [[nodiscard]] std::vector<Account> all() const;
  Result<AccountPointer> replace(const AccountPointer& before, const Account& after);
  Result<void> publish(const Account& account) const;
  void take_back(const AccountPointer& before, const std::string& name);

  AccountFiles files_;
  IdRange ids_;
  const HostNames& host_;
  uint32_t last_id_ = 0;
  std::map<std::string, AccountPointer> by_name_;
  std::map<std::string, std::string> damaged_;  // name: why
};

}  // namespace labgpu
