// PAM's requests about passwords: is the old one right, and this is the new one.
//
// Hashing takes a good part of a tenth of a second, so the worker does it. Whoever tries passwords
// here has come as far as a program of root's that speaks PAM for them, such as passwd(1), and is
// slowed down all the same.
#include <utility>

#include "helper/account_password.h"
#include "helper/log.h"
#include "helper/password.h"
#include "helper/session_connection.h"

namespace labgpu {

struct SessionServer::PasswordRequest {
  PasswordRequest(uint8_t sender, std::string_view old_one, std::optional<std::string> new_one)
      : by_root(sender == 1),
        old_password(std::string(old_one)),
        new_password(std::move(new_one)) {}
  bool by_root;
  Secret old_password;
  Secret new_password;  // absent: the old one is only checked
};

struct SessionServer::PasswordOutcome {
  bool old_is_right = false;
  Result<std::string> new_hash;  // empty when there is no new one
};

SessionServer::Next SessionServer::check_password(Connection& connection, Packet& packet) {
  CheckPassword request;
  if (parse_packet(packet, request) != 0) return Next::kClose;
  auto copy =
      std::make_shared<PasswordRequest>(request.by_root, request.old_password, std::nullopt);
  return begin_password_work(connection, request.user, copy);
}

SessionServer::Next SessionServer::change_password(Connection& connection, Packet& packet) {
  ChangePassword request;
  if (parse_packet(packet, request) != 0) return Next::kClose;
  auto copy = std::make_shared<PasswordRequest>(request.by_root, request.old_password,
                                                std::string(request.new_password));
  return begin_password_work(connection, request.user, copy);
}

SessionServer::Next SessionServer::begin_password_work(
    Connection& connection, std::string_view user,
    const std::shared_ptr<const PasswordRequest>& request) {
  auto account = accounts_.find(std::string(user));
  if (!account) return refuse(connection, no_account());
  if (auto own = check_password_is_own(*account); !own) {
    return refuse(connection, failure(FailureCode::kNotAllowed, own.error().message));
  }
  if (!request->by_root) {
    if (auto refusal = refusal_of_password_change(*account)) {
      return refuse(connection, failure(FailureCode::kNotAllowed, *refusal));
    }
    if (request->new_password.text == request->old_password.text) {
      return refuse(connection, failure(FailureCode::kInvalid,
                                        "the new password must differ from the old one"));
    }
    if (!password_attempts_.enter(account->name)) {
      log(LogLevel::kWarning, "too many wrong passwords for a change of " + account->name + "'s",
          {{kLogUser, account->name}});
      return refuse(connection, failure(FailureCode::kTooManyAttempts,
                                        "too many wrong passwords; try again in a minute"));
    }
  }
  start_work(connection, work_on_password(connection, account, request));
  return Next::kKeep;
}

SessionServer::PasswordOutcome SessionServer::compute(const PasswordRequest& request,
                                                      const std::string& old_hash) {
  PasswordOutcome outcome{true, std::string()};
  if (!request.by_root)
    outcome.old_is_right = verify_password(*request.old_password.text, old_hash);
  if (outcome.old_is_right && request.new_password.text) {
    outcome.new_hash = hash_password(*request.new_password.text);
  }
  return outcome;
}

Task<void> SessionServer::work_on_password(Connection& connection, AccountPointer account,
                                           std::shared_ptr<const PasswordRequest> request) {
  auto computing = worker_.run<PasswordOutcome>(
      [request, old_hash = account->hashed_password] { return compute(*request, old_hash); });
  auto outcome = co_await computing;
  close_later(connection);
  if (!outcome.old_is_right) {
    log(LogLevel::kNotice, "a wrong password was given to change that of " + account->name,
        {{kLogUser, account->name}});
    refuse(connection, failure(FailureCode::kWrongPassword, "that is not your password"));
    co_return;
  }
  if (!request->by_root) password_attempts_.forgive(account->name);
  if (request->new_password.text) {
    auto stored = store_password(account, outcome.new_hash);
    if (!stored) {
      log(LogLevel::kWarning,
          "the password of " + account->name + " was not changed: " + stored.error().message,
          {{kLogUser, account->name}});
      refuse(connection, stored.error());
      co_return;
    }
    log(LogLevel::kNotice,
        "the password of " + account->name + " was changed by " +
            (request->by_root ? "root" : account->name),
        {{kLogUser, account->name}});
  }
  reply(connection, PasswordAccepted{});
}

// While the hash was made the account may have changed; only another password stands against it.
Result<void> SessionServer::store_password(const AccountPointer& seen,
                                           const Result<std::string>& hash) {
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
