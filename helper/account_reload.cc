// Records that somebody changes while the helper runs.
#include "helper/account_store.h"
#include "helper/log.h"

namespace labgpu {

void AccountStore::take_up(const RecordChanges& changes) {
  bool changed = false;
  std::set<std::string> known;
  if (changes.complete) {
    for (const auto& [name, entry] : by_name_) known.insert(name);
    for (const auto& [name, why] : damaged_) known.insert(name);
  }
  for (const auto& record : changes.records) {
    changed |= take_up(record);
    known.erase(record.name);
  }
  for (const auto& name : known) changed |= take_up({name, kNoRecord});
  if (!changed) return;
  if (auto published = publish_index().and_then([this] { return publish_bridge(); }); !published) {
    log(LogLevel::kError, "records were changed by hand, but the index of accounts could not be: " +
                              published.error().message);
  }
}

// Whether the index has to be made anew.
bool AccountStore::take_up(const RecordChanges::Record& record) {
  const auto& name = record.name;
  auto known = by_name_.find(name);
  bool is_known = known != by_name_.end();
  bool is_same = is_known && known->second.version == record.version;
  if (is_same && !damaged_.contains(name)) return false;
  if (in_the_making_.contains(name)) return false;

  auto tell = [&name](LogLevel level, const std::string& what) {
    log(level, "the record of " + name + what, {{kLogUser, name}});
  };
  Result<void> keys;
  if (record.version == kNoRecord) {
    damaged_.erase(name);
    if (!is_known) return false;
    let_go(name);
    tell(LogLevel::kNotice, " was taken away by hand, so the account is gone");
    keys = published_.remove_keys({name});
  } else {
    auto entry = read(name);
    if (!entry) {
      damaged_[name] = entry.error().message;
      tell(LogLevel::kError, std::string(" was changed by hand and is damaged; ") +
                                 (is_known ? "the account stays as it was: " : "mend it: ") +
                                 entry.error().message);
      return false;
    }
    damaged_.erase(name);
    bool is_equal = is_known && to_json(*known->second.account) == to_json(*entry->account);
    if (is_equal) {
      known->second.version = entry->version;
      return false;
    }
    keep(*entry);
    tell(LogLevel::kNotice, " was changed by hand, and counts from now on");
    keys = published_.publish_keys(*entry->account);
  }
  if (!keys)
    tell(LogLevel::kError, " was changed by hand, but not the keys: " + keys.error().message);
  return true;
}

}  // namespace labgpu
