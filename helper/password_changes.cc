// Passwords that their owners change.
#include "helper/password_changes.h"

#include "helper/account_password.h"
#include "helper/log.h"
#include "helper/login_policy.h"

namespace labgpu {

struct PasswordChanges::Outcome {
  bool old_is_right = false;
  Result<std::string> new_hash;  // empty when there is no new one
};

Task<Result<void>> PasswordChanges::carry_out(std::string user,
                                              std::shared_ptr<const Request> request) {
  auto account = accounts_.find(user);
  if (!account) co_return Failed(no_account());
  if (auto admitted = admit(*account, *request); !admitted) co_return admitted;
  auto computing = worker_.run<Outcome>(
      [request, old_hash = account->hashed_password] { return compute(*request, old_hash); });
  auto outcome = co_await computing;
  if (!outcome.old_is_right) {
    log(LogLevel::kNotice, "a wrong password was given to change that of " + user,
        {{kLogUser, user}});
    co_return fail(ErrorCode::kWrongPassword, "that is not your password");
  }
  if (!request->by_root) attempts_.forgive(user);
  if (!request->new_password.text) co_return Result<void>();
  auto stored = store(account, outcome.new_hash);
  if (stored) {
    log(LogLevel::kNotice,
        "the password of " + user + " was changed by " + (request->by_root ? "root" : user),
        {{kLogUser, user}});
  } else {
    log(LogLevel::kWarning,
        "the password of " + user + " was not changed: " + stored.error().message,
        {{kLogUser, user}});
  }
  co_return stored;
}

Task<Result<std::string>> PasswordChanges::hash(const Secret& password) {
  auto copy = std::make_shared<const Secret>(password.text);
  auto hashing = worker_.run<Result<std::string>>([copy] { return hash_password(*copy->text); });
  auto made = co_await hashing;
  co_return made;
}

// What can be refused without looking at the password. Counts an attempt.
Result<void> PasswordChanges::admit(const Account& account, const Request& request) {
  if (auto own = check_password_is_own(account); !own) {
    return fail(ErrorCode::kDenied, own.error().message);
  }
  if (request.by_root) return {};
  if (auto refusal = refusal_of_password_change(account)) {
    return fail(ErrorCode::kDenied, *refusal);
  }
  if (request.new_password.text == request.old_password.text) {
    return fail(ErrorCode::kInvalid, "the new password must differ from the old one");
  }
  if (attempts_.enter(account.name)) return {};
  log(LogLevel::kWarning, "too many wrong passwords for a change of " + account.name + "'s",
      {{kLogUser, account.name}});
  return fail(ErrorCode::kTooManyAttempts, "too many wrong passwords; try again in a minute");
}

PasswordChanges::Outcome PasswordChanges::compute(const Request& request,
                                                  const std::string& old_hash) {
  Outcome outcome{true, std::string()};
  if (!request.by_root)
    outcome.old_is_right = verify_password(*request.old_password.text, old_hash);
  if (outcome.old_is_right && request.new_password.text) {
    outcome.new_hash = hash_password(*request.new_password.text);
  }
  return outcome;
}

// While the hash was made the account may have changed; only another password stands against it.
Result<void> PasswordChanges::store(const AccountPointer& seen, const Result<std::string>& hash) {
  if (!hash) return Failed(hash.error());
  auto account = accounts_.find(seen->name);
  if (!account || account->hashed_password != seen->hashed_password) {
    return fail(ErrorCode::kUnavailable,
                "the password was changed by somebody else at the same time; try again");
  }
  Account changed = *account;
  put_password_hash(changed, *hash);
  auto stored = accounts_.put_if_unchanged(account, changed);
  if (!stored) return Failed(stored.error());
  return {};
}

}  // namespace labgpu
