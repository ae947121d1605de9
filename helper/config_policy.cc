// Defaults and profiles, read strictly and tried on an account.
#include "helper/config_policy.h"

#include <arpa/inet.h>

#include <array>
#include <utility>

#include "common/messages.h"
#include "common/parse.h"
#include "helper/account_settings.h"
#include "helper/json_text.h"
#include "helper/setting_capabilities.h"
#include "helper/settings_json.h"
#include "helper/settings_values.h"
#include "helper/text_list.h"

namespace labgpu {

namespace {

static_assert(sizeof kLongestName == kMaxUserName + 1);

// Where a setting of the account's is in the document.
std::string place_of(const Setting& setting, const Config& config, const Account& account) {
  bool of_profile = origin_of(setting, config, account) == Origin::kProfile;
  return of_profile ? "profiles." + account.profile : "defaults";
}

// What the settings come to is told where they are set: `sections` has the objects in question.
Result<void> try_on(const Account& account, const Config& config,
                    std::initializer_list<JsonFields*> sections) {
  auto tried = decide_settings(config, account);
  if (tried) return {};
  const Setting& setting = *tried.error().setting;
  auto place = place_of(setting, config, account);
  for (auto* fields : sections) {
    if (fields->where() == place) {
      fields->refuse(std::string(setting.name), tried.error().error.message);
      return fields->finish();
    }
  }
  return Failed(describe(tried.error()));
}

// With one name for everybody's container, the second account would not get any.
Result<void> check_names_differ(JsonFields& fields, const Config& config,
                                const std::string& profile) {
  auto longest = sample_account(config, profile);
  auto other = longest;
  other.name = "other";
  auto one = settings_of(config, longest);
  auto two = settings_of(config, other);
  if (one && two && one->container_name == two->container_name) {
    fields.refuse("containerName",
                  "must have {user} in it, or all accounts would share one container");
  }
  return fields.finish();
}

Result<SettingsLayer> read_layer(JsonFields& fields) {
  auto layer = take_settings(fields);
  if (auto done = fields.finish_strict(); !done) return Failed(done.error());
  return layer;
}

Result<PortRange> read_ports(JsonFields fields) {
  PortRange ports;
  auto first = fields.id("first").value_or(ports.first);
  auto last = fields.id("last").value_or(ports.last);
  constexpr uint32_t kLowest = 1024;  // below are the system's services
  if (first < kLowest || first > UINT16_MAX) fields.refuse("first", "must be 1024 to 65535");
  if (last < first || last > UINT16_MAX) {
    fields.refuse("last", "must be ports.first to 65535");
  }
  ports.address = fields.text("address").value_or("");
  std::array<unsigned char, sizeof(in6_addr)> address{};
  bool is_address = ports.address.empty() ||
                    inet_pton(AF_INET, ports.address.c_str(), address.data()) == 1 ||
                    inet_pton(AF_INET6, ports.address.c_str(), address.data()) == 1;
  if (!is_address) fields.refuse("address", "must be an IP address of this server, or empty");
  if (auto done = fields.finish_strict(); !done) return Failed(done.error());
  ports.first = static_cast<uint16_t>(first);
  ports.last = static_cast<uint16_t>(last);
  return ports;
}

Result<std::vector<std::string>> read_allowed_capabilities(JsonFields& document) {
  constexpr char kKey[] = "allowCapabilities";
  std::vector<std::string> allowed;
  for (const auto& text : document.texts(kKey).value_or(std::vector<std::string>{})) {
    auto name = parse_capability(text);
    if (!name) {
      document.refuse(kKey, name.error().message);
    } else {
      allowed.push_back(*name);
    }
  }
  if (auto done = document.finish(); !done) return Failed(done.error());
  return allowed;
}

Result<void> read_profile(JsonFields fields, const std::string& name, JsonFields& defaults,
                          Config& config) {
  auto layer = read_layer(fields);
  if (!layer) return Failed(layer.error());
  config.profiles[name] = *layer;
  auto tried = try_on(sample_account(config, name), config, {&fields, &defaults});
  if (!tried) return tried;
  return check_names_differ(fields, config, name);
}

Result<void> read_profiles(JsonFields& document, const JsonLines& lines, JsonFields& defaults,
                           Config& config) {
  const auto* profiles = document.object("profiles");
  if (auto done = document.finish(); !done) return Failed(done.error());
  if (profiles == nullptr) return {};
  for (const auto& profile : profiles->items()) {
    const auto& name = profile.key();
    JsonFields fields(profile.value(), "profiles." + name, &lines);
    if (!is_user_name(name)) {
      JsonFields all(*profiles, "profiles", &lines);
      all.refuse(name, "is not a profile's name: lower-case letters, digits, _ and -");
      return all.finish();
    }
    if (auto done = read_profile(std::move(fields), name, defaults, config); !done) return done;
  }
  return {};
}

}  // namespace

JsonFields section(JsonFields& document, const std::string& key, const JsonLines& lines) {
  static const nlohmann::json nothing = nlohmann::json::object();
  const auto* found = document.object(key);
  return {found == nullptr ? nothing : *found, key, &lines};
}

Account sample_account(const Config& config, const std::string& profile) {
  Account account;
  account.name = kLongestName;
  account.home = fill_in(config.home, account.name).value_or(config.home);
  account.profile = profile;
  return account;
}

Result<std::optional<GpuAccess>> read_gpu_access(JsonFields& document) {
  constexpr std::array kWays = {GpuAccess::kCdi, GpuAccess::kDeviceRequest, GpuAccess::kRuntime,
                                GpuAccess::kNone};
  constexpr char kKey[] = "gpuAccess";
  auto text = document.text(kKey).value_or("auto");
  if (auto done = document.finish(); !done) return Failed(done.error());
  if (text == "auto") return std::nullopt;
  std::string known = "auto";
  for (auto way : kWays) {
    if (to_text(way) == text) return way;
    append_part(known, to_text(way), ", ");
  }
  document.refuse(kKey, "must be one of: " + known);
  return Failed(document.finish().error());
}

Result<void> read_policy(JsonFields& document, const JsonLines& lines, Config& config) {
  auto ports = read_ports(section(document, "ports", lines));
  if (!ports) return Failed(ports.error());
  config.ports = *ports;
  auto allowed = read_allowed_capabilities(document);
  if (!allowed) return Failed(allowed.error());
  config.allowed_capabilities = *allowed;

  auto defaults = section(document, "defaults", lines);
  auto layer = read_layer(defaults);
  if (!layer) return Failed(layer.error());
  config.defaults = *layer;
  auto tried = try_on(sample_account(config, ""), config, {&defaults});
  if (!tried) return tried;
  if (auto differ = check_names_differ(defaults, config, ""); !differ) return differ;
  return read_profiles(document, lines, defaults, config);
}

}  // namespace labgpu
