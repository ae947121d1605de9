// The accounts and the rules of changing one of them.
#include "helper/account_store.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <utility>

#include "common/parse.h"
#include "common/paths.h"
#include "helper/log.h"

namespace labgpu {

namespace {

constexpr auto kPublishAgain = std::chrono::seconds(5);

// Names that mean something to every server or image, also where NSS does not have them.
constexpr std::array<std::string_view, 7> kReservedNames = {
    "root", kGroupName, kAdminGroupName, "nobody", "sudo", "docker", "admin"};

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

Failed changed_by_others(const std::string& name) {
  return fail(ErrorCode::kUnavailable, "the account of " + name +
                                           " was changed by somebody else at the same time: try "
                                           "again");
}

}  // namespace

AccountStore::AccountStore(EventLoop& loop, RecordStore& records,
                           const std::string& state_directory, IdRange ids, const HostNames& host)
    : loop_(loop),
      records_(records),
      host_(host),
      ids_(loop, records, ids, host),
      published_(state_directory, ids.first) {}

Result<std::unique_ptr<AccountStore>> AccountStore::open(EventLoop& loop, RecordStore& records,
                                                         const std::string& state_directory,
                                                         IdRange ids, const HostNames& host) {
  if (auto free = check_group_id(ids.first, host); !free) return Failed(free.error());
  std::unique_ptr<AccountStore> store(new AccountStore(loop, records, state_directory, ids, host));
  if (auto loaded = store->load(); !loaded) return wrap("read the accounts", loaded.error());
  return store;
}

Result<void> AccountStore::load() {
  if (auto prepared = published_.prepare(); !prepared) return prepared;
  if (auto loaded = ids_.load(); !loaded) return loaded;
  // Before they are read, so that nothing is missed.
  auto watched = records_.watch(RecordKind::kUsers,
                                [this](const RecordChanges& changes) { take_up(changes); });
  if (!watched) {
    log(LogLevel::kWarning,
        "records that are changed by hand count only after a restart: " + watched.error().message);
  }
  auto names = records_.list(RecordKind::kUsers);
  if (!names) return Failed(names.error());
  for (const auto& name : *names) {
    auto entry = read(name);
    if (entry) {
      keep(*entry);
    } else {
      damaged_[name] = entry.error().message;
      log(LogLevel::kError,
          "the record is damaged, so nobody can log in as " + name + ": " + entry.error().message,
          {{kLogUser, name}});
    }
  }
  publish_until_done();
  return {};
}

Result<AccountStore::Entry> AccountStore::read(const std::string& name) {
  auto place = records_.place(RecordKind::kUsers, name);
  auto stored = records_.get(RecordKind::kUsers, name);
  if (!stored) return Failed(stored.error());
  auto account = parse_record(name, stored->content);
  if (!account) return wrap(place, account.error());
  if (auto claimed = claim_id_of(*account); !claimed) return wrap(place, claimed.error());
  return Entry{std::make_shared<const Account>(std::move(*account)), std::move(stored->version)};
}

// An id that labgpu once gave somebody stays theirs: files have it. The same name is the same
// person, whose account was moved to a directory, say.
Result<void> AccountStore::check_host_id(const Account& account) const {
  const auto* whose = ids_.owner(account.uid);
  auto other = find(account.uid);
  if (other) whose = &other->name;
  if (whose == nullptr || *whose == account.name) return {};
  return fail(ErrorCode::kExists, "uid " + std::to_string(account.uid) +
                                      " is or was that of labgpu's " +
                                      (whose->empty() ? "account of another name" : *whose));
}

// A record that was brought here by hand may have an id of which nothing is known yet.
Result<void> AccountStore::claim_id_of(const Account& account) {
  if (account.bridged) return check_host_id(account);
  auto other = find(account.uid);
  if (other && other->name != account.name) {
    return fail(ErrorCode::kExists,
                "another account has uid " + std::to_string(account.uid) + ": " + other->name);
  }
  const auto* owner = ids_.owner(account.uid);
  if (owner != nullptr && (owner->empty() || *owner == account.name)) return {};
  if (auto usable = ids_.check_given(account.uid, account.name); !usable) return usable;
  auto taken = host_.has_name(account.name);
  if (!taken) return Failed(taken.error());
  if (*taken) return fail(ErrorCode::kExists, "the server has a user or group of that name");
  return ids_.claim(account.uid, account.name);
}

void AccountStore::keep(const Entry& entry) {
  let_go(entry.account->name);
  by_name_[entry.account->name] = entry;
  by_uid_[entry.account->uid] = entry.account;
  if (entry.account->bridged) ids_.note_host(entry.account->uid);
  if (on_change_) on_change_();
}

void AccountStore::let_go(const std::string& name) {
  auto found = by_name_.find(name);
  if (found == by_name_.end()) return;
  by_uid_.erase(found->second.account->uid);
  ids_.forget_host(found->second.account->uid);
  by_name_.erase(found);
}

AccountPointer AccountStore::find(const std::string& name) const {
  auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second.account;
}

AccountPointer AccountStore::find(uint32_t uid) const {
  auto found = by_uid_.find(uid);
  return found == by_uid_.end() ? nullptr : found->second;
}

Result<AccountPointer> AccountStore::get(const std::string& name) const {
  if (auto account = find(name)) return account;
  if (auto damaged = damaged_.find(name); damaged != damaged_.end()) {
    return fail(ErrorCode::kInvalid,
                "the record of " + name + " is damaged: mend it: " + damaged->second);
  }
  return fail(ErrorCode::kNotFound,
              is_user_name(name) ? "labgpu has no user " + name
                                 : "that is not the name of a user: lower-case letters, digits, _ "
                                   "and -, at most 32 of them");
}

std::vector<AccountPointer> AccountStore::list() const {
  std::vector<AccountPointer> accounts;
  accounts.reserve(by_name_.size());
  for (const auto& [name, entry] : by_name_) accounts.push_back(entry.account);
  return accounts;
}

std::vector<Account> AccountStore::all(bool bridged) const {
  std::vector<Account> accounts;
  for (const auto& [name, entry] : by_name_) {
    if (entry.account->bridged == bridged) accounts.push_back(*entry.account);
  }
  return accounts;
}

Result<void> AccountStore::publish_index() const { return published_.publish_index(all(false)); }

Result<void> AccountStore::publish_bridge() const {
  return published_.publish_bridge(bridge_, all(true));
}

Result<void> AccountStore::publish_for(const Account& account) const {
  return account.bridged ? publish_bridge() : publish_index();
}

Result<void> AccountStore::publish_all() const {
  std::set<std::string> having_keys;
  for (const auto& [name, entry] : by_name_) {
    if (auto done = published_.publish_keys(*entry.account); !done) return done;
    having_keys.insert(name);
  }
  if (auto tidy = published_.remove_other_keys(having_keys); !tidy) return tidy;
  if (auto indexed = publish_index(); !indexed) return indexed;
  return serves_host_accounts_ ? publish_bridge() : Result<void>();
}

void AccountStore::publish_later(const Error& why) {
  log(LogLevel::kError,
      "what sshd and the name service are told of the accounts stays what it was, and is tried "
      "again: " +
          why.message);
  publishing_ = loop_.after(kPublishAgain, [this] { publish_until_done(); });
}

void AccountStore::publish_until_done() {
  if (auto done = publish_all(); !done) {
    publish_later(done.error());
  } else if (publishing_) {
    log(LogLevel::kNotice, "sshd and the name service are told of the accounts as they are");
    publishing_.reset();
  }
}

void AccountStore::serve_host_accounts(const BridgeSettings& bridge) {
  bridge_ = bridge;
  serves_host_accounts_ = true;
  if (auto done = publish_bridge(); !done) publish_later(done.error());
}

Result<void> AccountStore::check_name(const std::string& name) const {
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
  if (in_the_making_.contains(name)) {
    return fail(ErrorCode::kExists, "a user " + name + " is being made already");
  }
  return {};
}

Result<void> AccountStore::check_new_name(const std::string& name) const {
  if (auto usable = check_name(name); !usable) return usable;
  auto taken = host_.has_name(name);
  if (!taken) return Failed(taken.error());
  if (!*taken) return {};
  auto advice = bridge_.groups.empty() ? std::string()
                                       : "; a user in " + bridge_.groups.front() +
                                             " need not be added, and is known from the first "
                                             "login on";
  return fail(ErrorCode::kExists,
              "the server has a user or group " + name + " already: choose another name" + advice);
}

Result<uint32_t> AccountStore::reserve_id(const std::string& name) {
  if (auto usable = check_new_name(name); !usable) return Failed(usable.error());
  return ids_.reserve(name);
}

Result<AccountPointer> AccountStore::create(const Account& account) {
  if (auto usable = check_new_name(account.name); !usable) return Failed(usable.error());
  if (!ids_.is_reserved(account.uid, account.name)) {
    return fail(ErrorCode::kInvalid,
                "id " + std::to_string(account.uid) + " was not reserved for " + account.name);
  }
  auto created = replace(nullptr, account);
  if (created) ids_.use(account.name);
  return created;
}

Result<AccountPointer> AccountStore::create_for_host(const Account& account) {
  if (auto usable = check_name(account.name); !usable) return Failed(usable.error());
  if (auto usable = check_host_id(account); !usable) return Failed(usable.error());
  return replace(nullptr, account);
}

Result<void> AccountStore::check_unchanged(const AccountPointer& seen) const {
  if (damaged_.contains(seen->name)) {
    return fail(ErrorCode::kInvalid,
                "the record of " + seen->name +
                    " was changed by hand and is damaged: mend it: " + damaged_.at(seen->name));
  }
  if (find(seen->name) == seen) return {};
  return changed_by_others(seen->name);
}

Result<AccountPointer> AccountStore::put_if_unchanged(const AccountPointer& seen,
                                                      const Account& changed) {
  if (auto unchanged = check_unchanged(seen); !unchanged) return Failed(unchanged.error());
  bool same_ids = changed.uid == seen->uid && (changed.bridged || changed.gid == seen->gid);
  if (changed.name != seen->name || !same_ids || changed.bridged != seen->bridged) {
    return fail(ErrorCode::kInvalid, "the name and the ids of " + seen->name + " cannot change");
  }
  return replace(seen, changed);
}

Result<void> AccountStore::remove(const AccountPointer& seen) {
  if (auto unchanged = check_unchanged(seen); !unchanged) return unchanged;
  const auto name = seen->name;
  auto removed = records_.remove_if_unchanged(RecordKind::kUsers, name, by_name_.at(name).version);
  if (!removed && removed.error().code == ErrorCode::kExists) return changed_by_others(name);
  if (!removed) return removed;
  // From here on the account is gone, whatever else fails: the next start makes the rest good.
  let_go(name);
  auto indexed = publish_for(*seen);
  auto without_keys = published_.remove_keys({name});
  for (const auto& step : {indexed, without_keys}) {
    if (!step) return wrap(name + " is removed, but not all traces are", step.error());
  }
  return {};
}

Result<void> AccountStore::name_container_ids(const std::optional<ContainerIds>& ids) {
  if (ids == published_.container_ids()) return {};
  published_.set_container_ids(ids);
  return publish_index();
}

Result<AccountPointer> AccountStore::replace(const AccountPointer& before, const Account& after) {
  auto text = record_text(after);
  // What is written must be readable again.
  if (auto readable = parse_record(after.name, text); !readable) return Failed(readable.error());
  auto seen = before ? by_name_.at(after.name).version : RecordVersion(kNoRecord);
  auto written = records_.put_if_unchanged(RecordKind::kUsers, after.name, text, seen);
  if (!written && written.error().code == ErrorCode::kExists) return changed_by_others(after.name);
  if (!written) return Failed(written.error());
  auto stored = std::make_shared<const Account>(after);
  keep({stored, *written});
  auto published = published_.publish_keys(after).and_then([&] { return publish_for(after); });
  if (published) return stored;
  take_back(before, after.name);
  return Failed(published.error());
}

void AccountStore::take_back(const AccountPointer& before, const std::string& name) {
  auto version = by_name_.at(name).version;
  Result<void> undone;
  if (before) {
    auto written =
        records_.put_if_unchanged(RecordKind::kUsers, name, record_text(*before), version);
    keep({before, written.value_or(version)});
    undone = written.and_then([&](const auto&) { return published_.publish_keys(*before); });
  } else {
    let_go(name);
    undone = records_.remove_if_unchanged(RecordKind::kUsers, name, version).and_then([&] {
      return published_.remove_keys({name});
    });
  }
  if (undone) return;
  log(LogLevel::kError,
      "a change of " + name + " could neither be finished nor taken back; it comes into force " +
          "when labgpud is restarted: " + undone.error().message,
      {{kLogUser, name}});
}

}  // namespace labgpu
