// What depends on the account's name, and what the server does not allow.
#include "helper/settings_checks.h"

#include <algorithm>
#include <string_view>

#include "helper/setting_capabilities.h"
#include "helper/settings_values.h"

namespace labgpu {

namespace {

bool is_host_name(std::string_view name) {
  constexpr size_t kLongest = 63;  // one label's limit, and below Linux's HOST_NAME_MAX of 64
  if (name.size() > kLongest) return false;
  for (;;) {
    auto dot = name.find('.');
    if (!is_host_label(name.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

// Of letters, digits and hyphens, as much as there is of it: "a-b" for "a_b_".
std::string host_name_part(std::string_view user) {
  std::string part(user);
  std::replace(part.begin(), part.end(), '_', '-');
  auto first = part.find_first_not_of('-');
  auto last = part.find_last_not_of('-');
  return first == std::string::npos ? "" : part.substr(first, last - first + 1);
}

// Docker's rule: [a-zA-Z0-9][a-zA-Z0-9_.-]+ (moby, daemon/names/names.go). It has no limit, but a
// name is shown in tables and logs.
bool is_container_name(std::string_view name) {
  constexpr size_t kLongest = 128;
  return name.size() >= 2 && name.size() <= kLongest && is_alphanumeric(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return is_alphanumeric(c) || c == '_' || c == '.' || c == '-'; });
}

Result<void> fill_in_mount(Mount& mount, const std::string& user) {
  for (auto* path : {&mount.source, &mount.target}) {
    auto filled = fill_in(*path, user);
    if (!filled) return Failed(filled.error());
    *path = *filled;
  }
  return {};
}

}  // namespace

Result<void> complete_hostname(Settings& settings, const Account& account, const SettingsPolicy&) {
  auto name = fill_in(settings.hostname, host_name_part(account.name));
  if (!name) return Failed(name.error());
  std::replace(name->begin(), name->end(), '_', '-');
  if (!is_host_name(*name)) {
    return fail(ErrorCode::kInvalid, "\"" + *name +
                                         "\" must have letters, digits and hyphens only, none of "
                                         "these at an end, and at most 63 of them");
  }
  settings.hostname = *name;
  return {};
}

Result<void> complete_container_name(Settings& settings, const Account& account,
                                     const SettingsPolicy&) {
  auto name = fill_in(settings.container_name, account.name);
  if (!name) return Failed(name.error());
  if (!is_container_name(*name)) {
    return fail(ErrorCode::kInvalid,
                "\"" + *name +
                    "\" must have letters, digits, _ . and - only, begin with a letter or "
                    "digit, and have at most 128 characters");
  }
  settings.container_name = *name;
  return {};
}

Result<void> complete_mounts(Settings& settings, const Account& account,
                             const SettingsPolicy& policy) {
  for (auto& mount : settings.mounts) {
    if (auto filled = fill_in_mount(mount, account.name); !filled) return filled;
    if (auto right = check_mount_source(mount, policy.own_paths); !right) return right;
    if (auto right = check_mount_target(mount.target, account.home); !right) return right;
  }
  for (auto mount = settings.mounts.begin(); mount != settings.mounts.end(); ++mount) {
    auto same_target = [&](const Mount& other) { return other.target == mount->target; };
    if (std::any_of(settings.mounts.begin(), mount, same_target)) {
      return fail(ErrorCode::kInvalid, "cannot have two things at " + mount->target);
    }
  }
  return {};
}

Result<void> complete_ports(Settings& settings, const Account& account, const SettingsPolicy&) {
  for (auto& port : settings.ports) {
    auto reserved = account.host_ports.find(container_port_name(port));
    if (port.host == 0 && reserved != account.host_ports.end()) port.host = reserved->second;
  }
  return {};
}

Result<void> complete_added_capabilities(Settings& settings, const Account&,
                                         const SettingsPolicy& policy) {
  return check_added_capabilities(settings.added_capabilities, policy.allowed_capabilities);
}

Result<void> complete_dropped_capabilities(Settings& settings, const Account&,
                                           const SettingsPolicy&) {
  return check_dropped_capabilities(settings.dropped_capabilities);
}

}  // namespace labgpu
