// Keys, dates and assignments.
#include "helper/account_edits.h"

namespace labgpu {

void put_key(Account& account, const SshKey& key) {
  for (auto& line : account.authorized_keys) {
    auto old = parse_ssh_key(line);
    if (old && old->fingerprint == key.fingerprint) {
      line = key.line;
      return;
    }
  }
  account.authorized_keys.push_back(key.line);
}

Result<void> assign_date(std::optional<Microseconds>& date, const std::string& key,
                         const std::string& value, PartOfDay without_time) {
  if (value.empty()) {
    date.reset();
    return {};
  }
  auto parsed = parse_date(value, without_time);
  if (!parsed) {
    return fail(ErrorCode::kInvalid, key + " " + parsed.error().message + ", or empty for none");
  }
  date = *parsed;
  return {};
}

Result<void> assign(Account& account, const std::string& assignment) {
  auto equals = assignment.find('=');
  if (equals == std::string::npos) {
    return fail(ErrorCode::kInvalid, "\"" + assignment + "\" must be KEY=VALUE");
  }
  auto key = assignment.substr(0, equals);
  auto value = assignment.substr(equals + 1);
  if (key == "real_name") {
    if (account.bridged) return Failed(kept_by_host(account, "real name", "usermod"));
    account.real_name = value;
    return {};
  }
  if (key == "locked") {
    if (value != "yes" && value != "no") {
      return fail(ErrorCode::kInvalid, "locked must be yes or no");
    }
    account.locked = value == "yes";
    return {};
  }
  if (key == "profile") {
    account.profile = value;
    return {};
  }
  if (key == kAssignNotBefore) {
    return assign_date(account.not_before, key, value, PartOfDay::kStart);
  }
  if (key == kAssignNotAfter) return assign_date(account.not_after, key, value, PartOfDay::kEnd);
  auto set = set_setting(account.settings, key, value);
  if (!set && set.error().code == ErrorCode::kNotFound) {
    return fail(ErrorCode::kInvalid,
                set.error().message + ", profile, real_name, locked, not_before, not_after");
  }
  return set;
}

Result<void> check_dates(const Account& account) {
  if (account.not_before && account.not_after && *account.not_before > *account.not_after) {
    return fail(ErrorCode::kInvalid, "not_after (" + date_text(*account.not_after) +
                                         ") must be later than not_before (" +
                                         date_text(*account.not_before) + ")");
  }
  return check_ssh_key_lines(account.authorized_keys);
}

}  // namespace labgpu
