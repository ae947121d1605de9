// Many accounts at once: all of them or none.
#include <utility>

#include "helper/account_store.h"
#include "helper/log.h"

namespace labgpu {

namespace {

constexpr size_t kPortion = 64;  // what is done between two turns of the event loop

}  // namespace

// Accounts that are being made: their names and ids are taken from the moment they are added, and
// free again when it comes to nothing.
class AccountStore::NewAccounts {
 public:
  explicit NewAccounts(AccountStore& store) : store_(store) {}
  NewAccounts(const NewAccounts&) = delete;
  NewAccounts& operator=(const NewAccounts&) = delete;
  ~NewAccounts() {
    for (const auto& account : accounts_) store_.in_the_making_.erase(account->name);
    if (done_) return;
    for (auto id : given_ids_) store_.ids_.forget(id);
    if (auto removed = store_.published_.remove_keys(names()); !removed) {
      log(LogLevel::kWarning,
          "keys of accounts that could not be made are still there until "
          "labgpud is restarted: " +
              removed.error().message);
    }
  }

  Result<void> add(Account account) {
    const auto& name = account.name;
    if (auto usable = store_.check_new_name(name); !usable) return usable;
    auto text = record_text(account);
    if (auto readable = parse_record(name, text); !readable) return wrap(name, readable.error());
    if (!store_.ids_.is_reserved(account.uid, name)) {
      auto usable = store_.ids_.check_given(account.uid, name);
      if (!usable) return wrap(name, usable.error());
      take_given_id(account.uid, name);
    }
    records_.push_back({RecordKind::kUsers, name, std::move(text)});
    store_.in_the_making_.insert(name);
    accounts_.push_back(std::make_shared<const Account>(std::move(account)));
    return {};
  }

  [[nodiscard]] const std::vector<AccountPointer>& accounts() const { return accounts_; }
  // The ids come first.
  [[nodiscard]] std::vector<NewRecord> take_records() {
    auto all = std::move(ids_);
    std::move(records_.begin(), records_.end(), std::back_inserter(all));
    return all;
  }

  // The index before the commit: from then on nothing can fail.
  Result<void> finish(RecordBatch& batch) {
    const auto& versions = batch.versions();
    auto version = versions.end() - static_cast<ptrdiff_t>(accounts_.size());
    for (const auto& account : accounts_) store_.keep({account, *version++});
    auto indexed = store_.publish_index();
    auto committed = indexed.and_then([&batch] { return batch.commit(); });
    done_ = committed.has_value();
    for (const auto& account : accounts_) {
      if (done_) store_.ids_.use(account->name);
      if (!done_) store_.let_go(account->name);
    }
    if (indexed && !done_) indexed = store_.publish_index();
    if (!indexed) log(LogLevel::kError, "the index of accounts is old: " + indexed.error().message);
    return committed;
  }

 private:
  // One that the name had before is recorded already, and stays when this comes to nothing.
  void take_given_id(uint32_t id, const std::string& name) {
    if (store_.ids_.owner(id) != nullptr) return;
    store_.ids_.note(id, name);
    given_ids_.push_back(id);
    ids_.push_back(IdRegistry::record(id, name));
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& account : accounts_) names.push_back(account->name);
    return names;
  }

  AccountStore& store_;
  std::vector<AccountPointer> accounts_;
  std::vector<uint32_t> given_ids_;
  std::vector<NewRecord> ids_;
  std::vector<NewRecord> records_;
  bool done_ = false;
};

Task<Result<std::vector<uint32_t>>> AccountStore::reserve_ids(std::vector<std::string> names) {
  std::set<std::string> seen;
  for (size_t i = 0; i < names.size(); ++i) {
    if (auto usable = check_new_name(names[i]); !usable) co_return Failed(usable.error());
    if (!seen.insert(names[i]).second) {
      co_return fail(ErrorCode::kInvalid, names[i] + " is among the new users twice");
    }
    if (i % kPortion == kPortion - 1) co_await loop_.turn();
  }
  auto reserving = ids_.reserve_all(std::move(names));
  co_return co_await reserving;
}

Task<Result<std::vector<AccountPointer>>> AccountStore::create_all(std::vector<Account> accounts) {
  NewAccounts made(*this);
  for (size_t i = 0; i < accounts.size(); ++i) {
    if (auto added = made.add(std::move(accounts[i])); !added) co_return Failed(added.error());
    if (i % kPortion == kPortion - 1) co_await loop_.turn();
  }
  auto writing = records_.create_all(made.take_records());
  auto batch = co_await writing;
  if (!batch) co_return Failed(batch.error());
  for (size_t i = 0; i < made.accounts().size(); ++i) {
    auto published = published_.publish_keys(*made.accounts()[i]);
    if (!published) co_return Failed(published.error());
    if (i % kPortion == kPortion - 1) co_await loop_.turn();
  }
  if (auto finished = made.finish(**batch); !finished) co_return Failed(finished.error());
  co_return made.accounts();
}

}  // namespace labgpu
