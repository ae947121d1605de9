// Layers of settings, resolved and changed.
#include "helper/settings.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "common/parse.h"
#include "helper/settings_values.h"

namespace labgpu {

namespace {

constexpr char kDefaultImage[] = "labgpu/default:latest";
constexpr char kDefaultHostname[] = "{user}-VM";
constexpr char kDefaultContainerName[] = "{user}_container";
constexpr uint64_t kDefaultShmBytes = uint64_t{8} << 30;

// A label of a host name (RFC 1123, 2.1): letters, digits and hyphens, no hyphen at an end.
bool is_label(std::string_view label) {
  if (label.empty() || label.front() == '-' || label.back() == '-') return false;
  return std::all_of(label.begin(), label.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-'; });
}

Result<std::string> host_name(const std::string& text, const std::string& user) {
  auto filled = fill_in(text, user);
  if (!filled) return wrap("the host name", filled.error());
  std::string name = *filled;
  std::replace(name.begin(), name.end(), '_', '-');
  auto first = name.find_first_not_of('-');
  auto last = name.find_last_not_of('-');
  name = first == std::string::npos ? "" : name.substr(first, last - first + 1);

  constexpr size_t kLongest = 63;  // one label's limit, and below Linux's HOST_NAME_MAX of 64
  bool valid = name.size() <= kLongest;
  for (std::string_view rest = name; valid;) {
    auto dot = rest.find('.');
    valid = is_label(rest.substr(0, dot));
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  if (valid) return name;
  return fail(ErrorCode::kInvalid, "the host name \"" + *filled +
                                       "\" must have letters, digits and hyphens only, and at "
                                       "most 63 of them");
}

// Docker's rule: [a-zA-Z0-9][a-zA-Z0-9_.-]+ (moby, daemon/names/names.go).
Result<std::string> container_name(const std::string& text, const std::string& user) {
  auto name = fill_in(text, user);
  if (!name) return wrap("the container name", name.error());
  bool valid = name->size() >= 2 && is_alphanumeric(name->front()) &&
               std::all_of(name->begin(), name->end(), [](char c) {
                 return is_alphanumeric(c) || c == '_' || c == '.' || c == '-';
               });
  if (valid) return name;
  return fail(ErrorCode::kInvalid,
              "the container name \"" + *name +
                  "\" must have letters, digits, _ . and - only, and begin with a letter or digit");
}

// What labgpu itself mounts, and what would hide the whole container.
bool is_reserved_target(std::string_view path) {
  return path == "/" || path == "/tmp" || path == "/.labgpu" || path.starts_with("/.labgpu/");
}

Result<std::vector<Mount>> filled_mounts(const std::vector<Mount>& mounts,
                                         const std::string& user) {
  std::vector<Mount> filled;
  for (const auto& mount : mounts) {
    auto source = fill_in(mount.source, user);
    if (!source) return wrap("the mount", source.error());
    auto target = fill_in(mount.target, user);
    if (!target) return wrap("the mount", target.error());
    if (!is_plain_path(*source) || !is_plain_path(*target) || is_reserved_target(*target)) {
      return fail(ErrorCode::kInvalid, "nothing can be mounted at " + *target + " from " + *source);
    }
    auto same_target = [&](const Mount& other) { return other.target == *target; };
    if (std::any_of(filled.begin(), filled.end(), same_target)) {
      return fail(ErrorCode::kInvalid, "two mounts have the target " + *target);
    }
    filled.push_back({*source, *target, mount.read_only});
  }
  return filled;
}

// A template is tried with some name: whether it is right depends little on which.
template <auto kFillIn>
Result<std::string> checked_template(const std::string& text) {
  auto tried = kFillIn(text, "name");
  if (!tried) return fail(tried.error().code, "does not do: " + tried.error().message);
  return text;
}

template <auto kField, auto kParse>
Result<void> set(SettingsLayer& layer, const std::string& key, const std::string& value) {
  if (value.empty()) {
    (layer.*kField).reset();
    return {};
  }
  auto parsed = kParse(value);
  if (!parsed) return fail(parsed.error().code, key + " " + parsed.error().message);
  layer.*kField = std::move(*parsed);
  return {};
}

struct Setter {
  std::string_view key;
  Result<void> (*set)(SettingsLayer& layer, const std::string& key, const std::string& value);
};

constexpr Setter kSetters[] = {
    {"image", set<&SettingsLayer::image, parse_image>},
    {"hostname", set<&SettingsLayer::hostname, checked_template<host_name>>},
    {"container_name", set<&SettingsLayer::container_name, checked_template<container_name>>},
    {"mounts", set<&SettingsLayer::mounts, parse_mounts>},
    {"gpus", set<&SettingsLayer::gpus, parse_gpus>},
    {"shm_size", set<&SettingsLayer::shm_bytes, parse_size>},
    {"restart", set<&SettingsLayer::restart, parse_restart>},
    {"login", set<&SettingsLayer::login, parse_login>},
    {"max_sessions", set<&SettingsLayer::max_sessions, parse_max_sessions>},
};

}  // namespace

Result<Settings> resolve_settings(const SettingsLayer& server, const SettingsLayer& account,
                                  const std::string& user) {
  auto choose = [&](auto SettingsLayer::*field, auto fallback) {
    return (account.*field).value_or((server.*field).value_or(fallback));
  };
  Settings settings;
  settings.image = choose(&SettingsLayer::image, std::string(kDefaultImage));
  settings.gpus = choose(&SettingsLayer::gpus, Gpus::kAuto);
  settings.shm_bytes = choose(&SettingsLayer::shm_bytes, kDefaultShmBytes);
  settings.restart = choose(&SettingsLayer::restart, RestartPolicy::kUnlessStopped);
  settings.login = choose(&SettingsLayer::login, LoginAs::kUser);
  settings.max_sessions = max_sessions_of(server, account);

  auto host = host_name(choose(&SettingsLayer::hostname, std::string(kDefaultHostname)), user);
  if (!host) return Failed(host.error());
  settings.hostname = *host;
  auto name = container_name(
      choose(&SettingsLayer::container_name, std::string(kDefaultContainerName)), user);
  if (!name) return Failed(name.error());
  settings.container_name = *name;
  auto mounts = filled_mounts(choose(&SettingsLayer::mounts, std::vector<Mount>{}), user);
  if (!mounts) return Failed(mounts.error());
  settings.mounts = *mounts;
  return settings;
}

uint32_t max_sessions_of(const SettingsLayer& server, const SettingsLayer& account) {
  return account.max_sessions.value_or(server.max_sessions.value_or(0));
}

Result<void> set_setting(SettingsLayer& layer, const std::string& key, const std::string& value) {
  std::string known;
  for (const auto& setter : kSetters) {
    if (setter.key == key) return setter.set(layer, key, value);
    known += (known.empty() ? "" : ", ") + std::string(setter.key);
  }
  return fail(ErrorCode::kNotFound, "there is no setting \"" + key + "\"; there are: " + known);
}

}  // namespace labgpu
