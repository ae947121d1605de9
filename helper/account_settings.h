// What counts for one account: labgpu's standards, the server's defaults, the account's profile and
// its own settings, each laid over the one before.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "helper/account.h"
#include "helper/error.h"
#include "helper/settings.h"
#include "helper/settings_policy.h"
#include "helper/settings_table.h"

namespace labgpu {

// Where a setting's value is from; kDefault: labgpu's own, or "defaults" of labgpu.json.
enum class Origin { kDefault, kProfile, kUser };
std::string_view to_text(Origin origin);

// Which setting is wrong; nullptr when it is none of them but the account's profile.
struct SettingsFault {
  const Setting* setting = nullptr;
  Error error;  // a predicate: "must be …"; about the profile a whole sentence
};
// With the setting's key in front.
Error describe(const SettingsFault& fault);

// All of them, completed: templates filled in, and nothing that the server does not allow.
Result<Settings> settings_of(const SettingsPolicy& policy, const Account& account);
tl::expected<Settings, SettingsFault> decide_settings(const SettingsPolicy& policy,
                                                      const Account& account);

// These cannot fail: they need nothing completed.
uint32_t max_sessions_of(const SettingsPolicy& policy, const Account& account);
uint32_t max_snapshots_of(const SettingsPolicy& policy, const Account& account);
// In seconds, as of idle_stop and idle_warning.
struct IdlePolicy {
  uint32_t stop = 0;
  uint32_t warning = 0;
};
IdlePolicy idle_policy_of(const SettingsPolicy& policy, const Account& account);

Origin origin_of(const Setting& setting, const SettingsPolicy& policy, const Account& account);

// A setting as `user show` tells it. When the settings cannot be completed, the values are as they
// were set.
struct SettingView {
  std::string_view key;
  std::string value;
  Origin origin = Origin::kDefault;
};
std::vector<SettingView> view_settings(const SettingsPolicy& policy, const Account& account);

// Whether both have the same settings of their own, and the same profile.
bool same_choices(const Account& one, const Account& other);

// What of the settings this server, with so many CPUs, cannot give.
Result<void> check_against_host(const Settings& settings, uint32_t host_cpus);

}  // namespace labgpu
