// Settings completed for one account: templates filled in, reserved ports looked up, and refused
// what the server does not allow. Rows of settings_table.cc point here.
#pragma once

#include "helper/account.h"
#include "helper/error.h"
#include "helper/settings.h"
#include "helper/settings_policy.h"

namespace labgpu {

// Every underscore becomes a hyphen, and hyphens at the ends go: an account may be called a_, a
// host may not.
Result<void> complete_hostname(Settings& settings, const Account& account,
                               const SettingsPolicy& policy);
Result<void> complete_container_name(Settings& settings, const Account& account,
                                     const SettingsPolicy& policy);
Result<void> complete_mounts(Settings& settings, const Account& account,
                             const SettingsPolicy& policy);
// A port for which nothing is reserved yet keeps 0.
Result<void> complete_ports(Settings& settings, const Account& account,
                            const SettingsPolicy& policy);
Result<void> complete_added_capabilities(Settings& settings, const Account& account,
                                         const SettingsPolicy& policy);
Result<void> complete_dropped_capabilities(Settings& settings, const Account& account,
                                           const SettingsPolicy& policy);

}  // namespace labgpu
