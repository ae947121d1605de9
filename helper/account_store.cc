// The accounts and the rules of changing them.
#include "helper/account_store.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <utility>

#include "common/parse.h"
#include "common/paths.h"
#include "helper/index_writer.h"
#include "helper/log.h"

namespace labgpu {

namespace {

// Names that mean something to every server or image, also where NSS does not have them.
constexpr std::array<std::string_view, 6> kReservedNames = {"root", kGroupName, "nobody",
                                                            "sudo", "docker",   "admin"};

// The index must not claim the gid of a group that the server has: sshd's "Match Group labgpu"
// would see that group's name instead.
Result<void> check_group_id(uint32_t gid, const HostNames& host) {
  auto taken = host.has_id(gid);
  if (!taken) {
    log(LogLevel::kWarning,
        "cannot tell whether gid " + std::to_string(gid) + " is free: " + taken.error().message);
  } else if (*taken) {
    return fail(ErrorCode::kExists, "the server has a user or group with id " +
                                        std::to_string(gid) +
                                        ", which is the group labgpu's: set ids.first to a free "
                                        "id in " +
                                        kConfigFile);
  }
  return {};
}

}  // namespace

AccountStore::AccountStore(AccountFiles files, IdRange ids, const HostNames& host)
    : files_(std::move(files)), ids_(ids), host_(host) {}

Result<std::unique_ptr<AccountStore>> AccountStore::open(const std::string& state_directory,
                                                         IdRange ids, const HostNames& host) {
  AccountFiles files(state_directory);
  if (auto prepared = files.prepare(); !prepared) return Failed(prepared.error());
  if (auto free = check_group_id(ids.first, host); !free) return Failed(free.error());
  auto loaded = files.load();
  if (!loaded) return wrap("read the accounts", loaded.error());
  for (const auto& [name, why] : loaded->damaged) {
    log(LogLevel::kError, "the record is damaged, so nobody can log in as " + name + ": " + why,
        {{kLogUser, name}});
  }
  for (const auto& path : loaded->removed) {
    log(LogLevel::kNotice, path + " is of a removed account; to have it back, delete its file in " +
                               state_directory + "/tombstones");
  }

  std::unique_ptr<AccountStore> store(new AccountStore(std::move(files), ids, host));
  store->last_id_ = loaded->highest_id;
  store->damaged_ = std::move(loaded->damaged);
  for (const auto& account : loaded->accounts) {
    if (auto written = store->files_.write_keys(account); !written) return Failed(written.error());
    store->by_name_[account.name] = std::make_shared<const Account>(account);
  }
  auto accounts = store->all();
  if (auto written = write_index(store->files_.index_directory(), accounts, ids.first); !written) {
    return Failed(written.error());
  }
  if (auto tidy = store->files_.remove_other_keys(accounts); !tidy) return Failed(tidy.error());
  return store;
}

AccountPointer AccountStore::find(const std::string& name) const {
  auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

AccountPointer AccountStore::find(uint32_t uid) const {
  auto found = std::find_if(by_name_.begin(), by_name_.end(),
                            [uid](const auto& entry) { return entry.second->uid == uid; });
  return found == by_name_.end() ? nullptr : found->second;
}

Result<AccountPointer> AccountStore::get(const std::string& name) const {
  if (auto account = find(name)) return account;
  if (auto damaged = damaged_.find(name); damaged != damaged_.end()) {
    return fail(ErrorCode::kInvalid, "the record of " + name + " is damaged: mend it and restart " +
                                         "labgpud: " + damaged->second);
  }
  return fail(ErrorCode::kNotFound,
              is_user_name(name) ? "labgpu has no user " + name
                                 : "that is not the name of a user: lower-case letters, digits, _ "
                                   "and -, at most 32 of them");
}

std::vector<AccountPointer> AccountStore::list() const {
  std::vector<AccountPointer> accounts;
  for (const auto& [name, account] : by_name_) accounts.push_back(account);
  return accounts;
}

std::vector<Account> AccountStore::all() const {
  std::vector<Account> accounts;
  for (const auto& [name, account] : by_name_) accounts.push_back(*account);
  return accounts;
}

Result<void> AccountStore::check_new_name(const std::string& name) const {
  // Names with _ in front are for system users (Debian Policy 9.2.1), and no container's.
  if (!is_user_name(name) || name.front() == '_') {
    // Only what fits into a line is shown.
    auto is_control = [](unsigned char c) { return std::iscntrl(c) != 0; };
    bool fits =
        name.size() <= 2 * kMaxUserName && std::none_of(name.begin(), name.end(), is_control);
    auto shown = fits ? "\"" + name + "\"" : "this";
    return fail(ErrorCode::kInvalid,
                shown +
                    " cannot be a user's name: it must begin with a lower-case letter, go on "
                    "with these, digits, _ and -, and have at most 32 characters");
  }
  if (std::find(kReservedNames.begin(), kReservedNames.end(), name) != kReservedNames.end()) {
    return fail(ErrorCode::kInvalid, "the name " + name + " is reserved: choose another one");
  }
  if (find(name)) return fail(ErrorCode::kExists, "labgpu has a user " + name + " already");
  if (damaged_.contains(name)) return Failed(get(name).error());
  auto taken = host_.has_name(name);
  if (!taken) return Failed(taken.error());
  if (*taken) {
    return fail(ErrorCode::kExists,
                "the server has a user or group " + name + " already: choose another name");
  }
  return {};
}

Result<uint32_t> AccountStore::reserve_id(const std::string& name) {
  if (auto usable = check_new_name(name); !usable) return Failed(usable.error());
  for (uint64_t id = uint64_t{std::max(last_id_, ids_.first)} + 1; id <= ids_.last; ++id) {
    auto candidate = static_cast<uint32_t>(id);
    auto taken = host_.has_id(candidate);
    if (!taken) return Failed(taken.error());
    if (*taken) continue;
    if (auto written = files_.write_last_id(candidate); !written) return Failed(written.error());
    last_id_ = candidate;
    return candidate;
  }
  return fail(ErrorCode::kInvalid, "no id above " + std::to_string(last_id_) + " is left for " +
                                       name + ", and none is used twice: raise ids.last (" +
                                       std::to_string(ids_.last) + ") in " + kConfigFile);
}

Result<AccountPointer> AccountStore::create(const Account& account) {
  if (auto usable = check_new_name(account.name); !usable) return Failed(usable.error());
  if (find(account.uid)) {
    return fail(ErrorCode::kExists, "another account has uid " + std::to_string(account.uid));
  }
  return replace(nullptr, account);
}

Result<void> AccountStore::check_unchanged(const AccountPointer& seen) const {
  if (find(seen->name) == seen) return {};
  return fail(
      ErrorCode::kUnavailable,
      "the account of " + seen->name + " was changed by somebody else at the same time: try again");
}

Result<AccountPointer> AccountStore::put_if_unchanged(const AccountPointer& seen,
                                                      const Account& changed) {
  if (auto unchanged = check_unchanged(seen); !unchanged) return Failed(unchanged.error());
  if (changed.name != seen->name || changed.uid != seen->uid || changed.gid != seen->gid) {
    return fail(ErrorCode::kInvalid, "the name and the ids of " + seen->name + " cannot change");
  }
  return replace(seen, changed);
}

Result<void> AccountStore::remove(const AccountPointer& seen) {
  if (auto unchanged = check_unchanged(seen); !unchanged) return unchanged;
  if (auto written = files_.write_tombstone(*seen); !written) return written;
  // From here on the account is gone, whatever else fails: the next start makes the rest good.
  by_name_.erase(seen->name);
  auto removed = files_.remove_record(seen->name);
  auto indexed = write_index(files_.index_directory(), all(), ids_.first);
  auto without_keys = files_.remove_keys(seen->name);
  for (const auto& step : {removed, indexed, without_keys}) {
    if (!step) return wrap(seen->name + " is removed, but not all traces are", step.error());
  }
  return {};
}

Result<void> AccountStore::publish(const Account& account) const {
  if (auto written = files_.write_keys(account); !written) return written;
  return write_index(files_.index_directory(), all(), ids_.first);
}

Result<AccountPointer> AccountStore::replace(const AccountPointer& before, const Account& after) {
  // What is written must be readable again.
  if (auto readable = account_from_json(to_json(after)); !readable) {
    return Failed(readable.error());
  }
  if (auto written = files_.write_record(after); !written) return Failed(written.error());
  auto stored = std::make_shared<const Account>(after);
  by_name_[after.name] = stored;
  auto published = publish(*stored);
  if (published) return stored;
  take_back(before, after.name);
  return Failed(published.error());
}

void AccountStore::take_back(const AccountPointer& before, const std::string& name) {
  Result<void> undone;
  if (before) {
    by_name_[name] = before;
    undone = files_.write_record(*before);
    if (auto keys = files_.write_keys(*before); undone && !keys) undone = keys;
  } else {
    by_name_.erase(name);
    undone = files_.remove_record(name);
    if (auto keys = files_.remove_keys(name); undone && !keys) undone = keys;
  }
  if (undone) return;
  log(LogLevel::kError,
      "a change of " + name + " could neither be finished nor taken back; it comes into force " +
          "when labgpud is restarted: " + undone.error().message,
      {{kLogUser, name}});
}

}  // namespace labgpu
