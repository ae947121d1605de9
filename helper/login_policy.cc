// The reasons and their order: what concerns the account alone goes first, so that nobody is told
// to come back at six who cannot log in then either.
#include "helper/login_policy.h"

namespace labgpu {

namespace {

std::string maintenance_sentence(const std::string& word) {
  if (word.empty()) return "this server is under maintenance; try again later";
  return "this server is under maintenance: " + word;
}

std::string too_many_sentence(uint64_t open, uint32_t most) {
  auto times = open == 1 ? "1 login" : std::to_string(open) + " logins";
  return "you have " + times + " open on this server, and your account may have no more than " +
         std::to_string(most) + "; end one of them first";
}

}  // namespace

AccountState state_of(const Account& account, Microseconds now) {
  if (account.locked) return AccountState::kLocked;
  if (account.not_before && now < *account.not_before) return AccountState::kNotYetValid;
  if (account.not_after && now > *account.not_after) return AccountState::kExpired;
  return AccountState::kActive;
}

std::string_view to_text(AccountState state) {
  switch (state) {
    case AccountState::kActive:
      return "active";
    case AccountState::kLocked:
      return "locked";
    case AccountState::kNotYetValid:
      return "pending";
    case AccountState::kExpired:
      return "expired";
  }
  return "";
}

Error no_account() {
  return {ErrorCode::kNotFound,
          "labgpu does not know this account, or its record is damaged; tell the administrator"};
}

std::optional<std::string> refusal_of(const Account& account, Microseconds now) {
  switch (state_of(account, now)) {
    case AccountState::kActive:
      break;
    case AccountState::kLocked:
      return "your account is locked on this server; ask the administrator";
    case AccountState::kNotYetValid:
      return "your account on this server is not valid before " + date_text(*account.not_before) +
             "; log in then, or ask the administrator";
    case AccountState::kExpired:
      return "your account on this server expired on " + date_text(*account.not_after) +
             "; ask the administrator";
  }
  return std::nullopt;
}

std::optional<std::string> refusal_of(const Account& account, Microseconds now,
                                      const LoginCircumstances& circumstances) {
  if (auto refusal = refusal_of(account, now)) return refusal;
  if (circumstances.maintenance) return maintenance_sentence(*circumstances.maintenance);
  auto most = circumstances.max_logins;
  if (most != 0 && circumstances.open_logins >= most) {
    return too_many_sentence(circumstances.open_logins, most);
  }
  return std::nullopt;
}

}  // namespace labgpu
