// Layers of settings, laid over each other.
#include "helper/account_settings.h"

#include "helper/settings_values.h"
#include "helper/text_list.h"

namespace labgpu {

namespace {

const SettingsLayer* profile_of(const SettingsPolicy& policy, const Account& account) {
  auto found = policy.profiles.find(account.profile);
  return found == policy.profiles.end() ? nullptr : &found->second;
}

SettingsLayer lay_over_each_other(const SettingsPolicy& policy, const Account& account) {
  static const SettingsLayer nothing;
  const auto* profile = profile_of(policy, account);
  SettingsLayer result = standard_settings();
  for (const auto* layer :
       {&policy.defaults, profile == nullptr ? &nothing : profile, &account.settings}) {
    for (const auto& setting : all_settings()) setting.field.lay(*layer, result);
  }
  return result;
}

Settings decided(const SettingsLayer& layer) {
  Settings settings;
  for (const auto& setting : all_settings()) setting.field.decide(layer, settings);
  return settings;
}

Error no_such_profile(const SettingsPolicy& policy, const Account& account) {
  std::string known;
  for (const auto& [name, layer] : policy.profiles) append_part(known, name, ", ");
  return {ErrorCode::kInvalid, account.name + " has the profile \"" + account.profile +
                                   "\", which labgpu.json has not; " +
                                   (known.empty() ? "it has no profiles" : "it has: " + known)};
}

}  // namespace

std::string_view to_text(Origin origin) {
  switch (origin) {
    case Origin::kProfile:
      return "profile";
    case Origin::kUser:
      return "user";
    case Origin::kDefault:
      break;
  }
  return "default";
}

Error describe(const SettingsFault& fault) {
  if (fault.setting == nullptr) return fault.error;
  return {fault.error.code, std::string(fault.setting->key) + " " + fault.error.message};
}

tl::expected<Settings, SettingsFault> decide_settings(const SettingsPolicy& policy,
                                                      const Account& account) {
  if (!account.profile.empty() && profile_of(policy, account) == nullptr) {
    return tl::unexpected(SettingsFault{nullptr, no_such_profile(policy, account)});
  }
  auto settings = decided(lay_over_each_other(policy, account));
  for (const auto& setting : all_settings()) {
    if (setting.complete == nullptr) continue;
    auto completed = setting.complete(settings, account, policy);
    if (!completed) return tl::unexpected(SettingsFault{&setting, completed.error()});
  }
  return settings;
}

Result<Settings> settings_of(const SettingsPolicy& policy, const Account& account) {
  return decide_settings(policy, account).map_error(describe);
}

uint32_t max_sessions_of(const SettingsPolicy& policy, const Account& account) {
  return *lay_over_each_other(policy, account).max_sessions;
}

IdlePolicy idle_policy_of(const SettingsPolicy& policy, const Account& account) {
  auto layer = lay_over_each_other(policy, account);
  return {.stop = *layer.idle_stop, .warning = *layer.idle_warning};
}

uint32_t max_snapshots_of(const SettingsPolicy& policy, const Account& account) {
  return *lay_over_each_other(policy, account).max_snapshots;
}

Origin origin_of(const Setting& setting, const SettingsPolicy& policy, const Account& account) {
  if (setting.field.is_set(account.settings)) return Origin::kUser;
  const auto* profile = profile_of(policy, account);
  bool in_profile = profile != nullptr && setting.field.is_set(*profile);
  return in_profile ? Origin::kProfile : Origin::kDefault;
}

std::vector<SettingView> view_settings(const SettingsPolicy& policy, const Account& account) {
  auto settings = decide_settings(policy, account);
  auto layer = settings ? as_layer(*settings) : lay_over_each_other(policy, account);
  std::vector<SettingView> views;
  for (const auto& setting : all_settings()) {
    views.push_back({setting.key, setting.field.print(layer), origin_of(setting, policy, account)});
  }
  return views;
}

bool same_choices(const Account& one, const Account& other) {
  return one.settings == other.settings && one.profile == other.profile;
}

Result<void> check_against_host(const Settings& settings, uint32_t host_cpus) {
  if (settings.milli_cpus <= uint64_t{host_cpus} * 1000) return {};
  return fail(ErrorCode::kInvalid, "cpus " + cpus_text(settings.milli_cpus) +
                                       " is more than this server has: must be 0.01 to " +
                                       std::to_string(host_cpus) + ", or none for all");
}

}  // namespace labgpu
