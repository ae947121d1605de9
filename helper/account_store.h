// All accounts: kept in memory, written through to their records, published to NSS and sshd.
//
// Every change is durable when it returns, record first and index last, so that a crash in between
// leaves a record from which the index is made again at the next start. When a change cannot be
// published it is taken back. Accounts are handed out as immutable snapshots; who changes one names
// the snapshot it started from, and is refused when somebody else was faster. An id belongs to a
// name for good, with or without an account.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "helper/account.h"
#include "helper/config.h"
#include "helper/error.h"
#include "helper/event_loop.h"
#include "helper/host_names.h"
#include "helper/id_registry.h"
#include "helper/published_accounts.h"
#include "helper/record_store.h"
#include "helper/task.h"

namespace labgpu {

using AccountPointer = std::shared_ptr<const Account>;

class AccountStore {
 public:
  // Reads every record and publishes the index and the keys below `state_directory`. What cannot be
  // published, as on a full disk, is logged and tried again until it can: the files that are there
  // are an earlier truth, and whoever logs in is looked up in the records all the same. A damaged
  // record is logged, skipped and left alone; its name and id stay taken. A record that an
  // administrator edits, restores or removes later counts without a restart; a bad one is logged,
  // and the last good one stays in force. What is given must outlive the store.
  static Result<std::unique_ptr<AccountStore>> open(EventLoop& loop, RecordStore& records,
                                                    const std::string& state_directory, IdRange ids,
                                                    const HostNames& host);
  // Publishes which accounts of the host are served from now on, and which have records, as open()
  // does. Call it after open(), and when the settings change.
  void serve_host_accounts(const BridgeSettings& bridge);
  AccountStore(const AccountStore&) = delete;
  AccountStore& operator=(const AccountStore&) = delete;

  // Calls back from now on whenever an account is new or has changed.
  void on_change(std::function<void()> callback) { on_change_ = std::move(callback); }

  // nullptr when there is none.
  [[nodiscard]] AccountPointer find(const std::string& name) const;
  [[nodiscard]] AccountPointer find(uint32_t uid) const;
  // find() with the sentence: kNotFound for no such account, kInvalid for a damaged record.
  [[nodiscard]] Result<AccountPointer> get(const std::string& name) const;
  // In the order of names.
  [[nodiscard]] std::vector<AccountPointer> list() const;

  // May a new account have that name? kInvalid for a bad or reserved one, kExists for one that
  // labgpu or the server has.
  [[nodiscard]] Result<void> check_new_name(const std::string& name) const;
  // May a new account of that name have that id, which somebody chose? It need not be of the range
  // of ids, and may be the one of an earlier account of that name, which comes back. kExists when
  // labgpu or the server has or had it, kInvalid for one that is no person's.
  [[nodiscard]] Result<void> check_given_id(uint32_t id, const std::string& name) const {
    return ids_.check_given(id, name);
  }
  // The ids that the name ever had, also with accounts that are gone or were never finished.
  [[nodiscard]] std::vector<uint32_t> ids_of(const std::string& name) const {
    return ids_.ids_of(name);
  }

  // An id of the range for a new account of that name, never given out before and in use nowhere on
  // the server. As long as no account has it, the name gets the same one again.
  Result<uint32_t> reserve_id(const std::string& name);
  // The same for many, in the order of the names, with turns for the event loop. An error names the
  // one that is its reason.
  Task<Result<std::vector<uint32_t>>> reserve_ids(std::vector<std::string> names);

  // The account must have everything, and ids that were reserved for its name. kExists, kInvalid.
  Result<AccountPointer> create(const Account& account);
  // The record of an account of the host (`bridged`), with the ids that the host gave it; asks no
  // name service. kExists when labgpu has or had another account with that name or id, kInvalid for
  // a name that cannot be a container's.
  Result<AccountPointer> create_for_host(const Account& account);
  // All of them or none, also across a crash, with turns for the event loop. An id that was not
  // reserved is a given one, as of check_given_id(). In the order of `accounts`; an error names the
  // account that is its reason.
  Task<Result<std::vector<AccountPointer>>> create_all(std::vector<Account> accounts);
  // `changed` has the name and ids of `seen`; an account of the host may have got another gid.
  // kInvalid; kUnavailable when the account is no longer `seen`.
  Result<AccountPointer> put_if_unchanged(const AccountPointer& seen, const Account& changed);
  // The home directory is not touched.
  Result<void> remove(const AccountPointer& seen);

  // Gives the users of containers names in the index, when Docker remaps their ids. After an error
  // the next change of an account tries again.
  Result<void> name_container_ids(const std::optional<ContainerIds>& ids);

 private:
  struct Entry {
    AccountPointer account;
    RecordVersion version;
  };
  class NewAccounts;

  AccountStore(EventLoop& loop, RecordStore& records, const std::string& state_directory,
               IdRange ids, const HostNames& host);
  Result<void> load();
  [[nodiscard]] Result<Entry> read(const std::string& name);
  Result<void> claim_id_of(const Account& account);
  void keep(const Entry& entry);
  void let_go(const std::string& name);
  [[nodiscard]] std::vector<Account> all(bool bridged) const;
  [[nodiscard]] Result<void> publish_index() const;
  [[nodiscard]] Result<void> publish_bridge() const;
  // These and the keys.
  [[nodiscard]] Result<void> publish_all() const;
  void publish_until_done();
  void publish_later(const Error& why);
  // The one of the two that has accounts like this.
  [[nodiscard]] Result<void> publish_for(const Account& account) const;

  [[nodiscard]] Result<void> check_name(const std::string& name) const;
  [[nodiscard]] Result<void> check_host_id(const Account& account) const;

  [[nodiscard]] Result<void> check_unchanged(const AccountPointer& seen) const;
  Result<AccountPointer> replace(const AccountPointer& before, const Account& after);
  void take_back(const AccountPointer& before, const std::string& name);

  void take_up(const RecordChanges& changes);
  bool take_up(const RecordChanges::Record& record);

  EventLoop& loop_;
  RecordStore& records_;
  const HostNames& host_;
  IdRegistry ids_;
  PublishedAccounts published_;
  BridgeSettings bridge_;
  bool serves_host_accounts_ = false;
  EventSource publishing_;  // while it has to be tried again
  std::map<std::string, Entry> by_name_;
  std::unordered_map<uint32_t, AccountPointer> by_uid_;
  std::map<std::string, std::string> damaged_;  // name: why
  std::set<std::string> in_the_making_;         // names that a batch makes
  std::function<void()> on_change_;
};

}  // namespace labgpu
