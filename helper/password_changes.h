// Passwords that their owners change: is the old one right, and this is the new one; and the hashes
// of those that administrators give.
//
// Hashing takes a good part of a tenth of a second, so the worker does it. However the question
// comes, through PAM or from labgpu's own command, wrong passwords of one account are counted
// together.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "helper/account_store.h"
#include "helper/attempt_limit.h"
#include "helper/error.h"
#include "helper/password.h"
#include "helper/task.h"
#include "helper/worker.h"

namespace labgpu {

// Wrong old passwords of one account, and for how long no more are looked at.
struct PasswordLimits {
  unsigned wrong = 5;
  std::chrono::milliseconds period{60000};
};

class PasswordChanges {
 public:
  struct Request {
    Request(bool root, std::string_view old_one, std::optional<std::string> new_one)
        : by_root(root), old_password(std::string(old_one)), new_password(std::move(new_one)) {}
    bool by_root;  // who need not know the old one
    Secret old_password;
    Secret new_password;  // absent: the old one is only checked
  };

  // Everything given must outlive the object.
  PasswordChanges(AccountStore& accounts, Worker& worker, PasswordLimits limits = {})
      : accounts_(accounts), worker_(worker), attempts_(limits.wrong, limits.period) {}

  // Errors, each with a sentence for the person: kNotFound; kDenied, of an account of the host or
  // one that may not log in; kWrongPassword; kTooManyAttempts; kInvalid for a new one that is none;
  // kUnavailable when somebody else changed it meanwhile. When the Task is destroyed before it
  // ended, nothing is changed.
  Task<Result<void>> carry_out(std::string user, std::shared_ptr<const Request> request);

  // hash_password() of one that an administrator gives.
  Task<Result<std::string>> hash(const Secret& password);

 private:
  struct Outcome;
  Result<void> admit(const Account& account, const Request& request);
  static Outcome compute(const Request& request, const std::string& old_hash);
  Result<void> store(const AccountPointer& seen, const Result<std::string>& hash);

  AccountStore& accounts_;
  Worker& worker_;
  AttemptLimit attempts_;
};

}  // namespace labgpu
