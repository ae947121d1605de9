// Changes of an account in an administrator's words, for one account or for many.
#pragma once

#include <optional>
#include <string>

#include "helper/account.h"
#include "helper/date.h"
#include "helper/error.h"
#include "helper/settings.h"
#include "helper/ssh_key.h"

namespace labgpu {

// The keys of SetUser's assignments for the time of an account.
inline constexpr char kAssignNotBefore[] = "not_before";
inline constexpr char kAssignNotAfter[] = "not_after";

// Adds the key, in place of the same key with another comment or other options.
void put_key(Account& account, const SshKey& key);

// An empty value is no date. A mistake names `key`.
Result<void> assign_date(std::optional<Microseconds>& date, const std::string& key,
                         const std::string& value, PartOfDay without_time);

// KEY=VALUE, as of SetUser in helper/org.labgpu.varlink.
Result<void> assign(Account& account, const std::string& assignment);

// Does its time end after it begins?
Result<void> check_dates(const Account& account);

}  // namespace labgpu
