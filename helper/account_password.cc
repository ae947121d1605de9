// The password of an account: set, locked, marked to be changed.
#include "helper/account_password.h"

#include <utility>

#include "helper/login_policy.h"

namespace labgpu {

namespace {

constexpr char kLock = '!';

Result<void> require_password(const Account& account) {
  if (auto own = check_password_is_own(account); !own) return own;
  if (has_password(account)) return {};
  return fail(ErrorCode::kInvalid, account.name + " has no password: set one first");
}

}  // namespace

bool has_password(const Account& account) { return !account.hashed_password.empty(); }

bool password_is_locked(const Account& account) {
  return account.hashed_password.starts_with(kLock);
}

bool password_must_change(const Account& account) {
  return !account.bridged && account.password_change_now && has_password(account);
}

void put_password_hash(Account& account, std::string hash) {
  account.hashed_password = std::move(hash);
  account.password_change_now = false;
}

Result<void> assign_password_hash(Account& account, std::string hash) {
  if (auto own = check_password_is_own(account); !own) return own;
  put_password_hash(account, std::move(hash));
  return {};
}

Result<void> lock_password(Account& account, bool locked) {
  if (auto there = require_password(account); !there) return there;
  if (locked == password_is_locked(account)) return {};
  if (locked) {
    account.hashed_password.insert(0, 1, kLock);
  } else {
    account.hashed_password.erase(0, 1);
  }
  return {};
}

Result<void> mark_password_for_change(Account& account, bool change_now) {
  if (auto there = require_password(account); !there) return there;
  account.password_change_now = change_now;
  return {};
}

Result<void> check_password_is_own(const Account& account) {
  if (!account.bridged) return {};
  return Failed(kept_by_host(account, "password", "passwd"));
}

std::optional<std::string> refusal_of_password_change(const Account& account) {
  if (auto refusal = refusal_of(account, now_in_microseconds())) return refusal;
  if (!has_password(account)) {
    return "you have no password on this server; ask the administrator for one";
  }
  if (password_is_locked(account)) {
    return "your password is locked on this server; ask the administrator";
  }
  return std::nullopt;
}

}  // namespace labgpu
