// Who may log in now: every reason for which a login is refused, and the sentence for each.
//
// The sentences are for the person who logs in; sshd or the session command shows them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "helper/account.h"
#include "helper/date.h"
#include "helper/error.h"

namespace labgpu {

enum class AccountState { kActive, kLocked, kNotYetValid, kExpired };

AccountState state_of(const Account& account, Microseconds now);
// As the interface org.labgpu names it.
std::string_view to_text(AccountState state);

// What a login meets on the server beside its account.
struct LoginCircumstances {
  std::optional<std::string>
      maintenance;           // the administrator's word, "" for none; absent: it is on duty
  uint64_t open_logins = 0;  // of that account
  uint32_t max_logins = 0;   // 0: as many as they like
};

// Of who has none.
Error no_account();

// Nothing for an account that is good now. A command of a login that is open already is asked no
// more than this.
std::optional<std::string> refusal_of(const Account& account, Microseconds now);
// The same for a new login.
std::optional<std::string> refusal_of(const Account& account, Microseconds now,
                                      const LoginCircumstances& circumstances);

}  // namespace labgpu
