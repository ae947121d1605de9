// labgpu.json, read strictly.
#include "helper/config.h"

#include <algorithm>
#include <iterator>

#include "common/bridge_index.h"
#include "common/messages.h"
#include "common/parse.h"
#include "common/paths.h"
#include "helper/account.h"
#include "helper/account_settings.h"
#include "helper/config_policy.h"
#include "helper/json_fields.h"
#include "helper/read_file.h"
#include "helper/settings_values.h"

namespace labgpu {

namespace {

constexpr char kLongestName[] = "abcdefghijklmnopqrstuvwxyz_00032";
static_assert(sizeof kLongestName == kMaxUserName + 1);

constexpr uint32_t kFirstOfPeople = 1000;  // below is the system's (Debian Policy 9.2.2)

Result<IdRange> read_ids(JsonFields fields) {
  IdRange ids;
  ids.first = fields.id("first").value_or(ids.first);
  ids.last = fields.id("last").value_or(ids.last);
  // 65534 is nobody, 65535 and 2^32-1 are "no id" to system calls.
  constexpr uint32_t kHighest = 0x7fffffff;
  if (ids.first < kFirstOfPeople) fields.refuse("first", "must be 1000 or more");
  if (ids.last > kHighest) fields.refuse("last", "must be below 2147483648");
  if (ids.last <= ids.first) fields.refuse("last", "must be above ids.first");
  if (ids.first <= 65535 && ids.last >= 65534) {
    fields.refuse("last", "must leave out 65534 and 65535, which mean \"nobody\" and \"no id\"");
  }
  if (auto done = fields.finish_strict(); !done) return Failed(done.error());
  return ids;
}

// Groups that no person's account is only a user of a GPU by.
constexpr std::string_view kUnbridged[] = {kGroupName, kAdminGroupName, "root"};

Result<BridgeSettings> read_bridge(JsonFields fields) {
  BridgeSettings bridge;
  bridge.groups = fields.texts("groups").value_or(std::vector<std::string>{});
  bridge.first_uid = fields.id("firstUid").value_or(bridge.first_uid);
  if (bridge.groups.size() > kMaxBridgeGroups) fields.refuse("groups", "must be 16 groups at most");
  for (auto group = bridge.groups.begin(); group != bridge.groups.end(); ++group) {
    if (!is_group_name(*group)) {
      fields.refuse("groups",
                    "must be names of groups: letters, digits, _ . - @ and spaces inside");
    } else if (std::find(group + 1, bridge.groups.end(), *group) != bridge.groups.end()) {
      fields.refuse("groups", "has " + *group + " twice");
    } else if (std::find(std::begin(kUnbridged), std::end(kUnbridged), *group) !=
               std::end(kUnbridged)) {
      fields.refuse("groups", "must not have " + *group);
    }
  }
  if (!is_person_id(bridge.first_uid) || bridge.first_uid < kFirstOfPeople) {
    fields.refuse("firstUid", "must be a person's uid, 1000 or more");
  }
  if (auto done = fields.finish_strict(); !done) return Failed(done.error());
  return bridge;
}

Result<std::string> read_home(JsonFields& document, const std::string& fallback) {
  auto home = document.text("home").value_or(fallback);
  auto tried = fill_in(home, kLongestName);
  bool distinct = home.find("{user}") != std::string::npos;
  if (!tried || !distinct || !is_plain_path(*tried) || tried->find(':') != std::string::npos) {
    document.refuse("home", "must be an absolute path with {user} in it, such as /home/{user}");
  } else if (tried->size() > Identity::kMaxHome) {
    document.refuse("home", "must be shorter: with the name of a user at most 255 bytes");
  }
  if (auto done = document.finish(); !done) return Failed(done.error());
  return home;
}

Result<std::string> read_docker_socket(JsonFields fields, const std::string& fallback) {
  auto path = fields.text("socket").value_or(fallback);
  if (!is_plain_path(path)) fields.refuse("socket", "must be the absolute path of a socket");
  if (auto done = fields.finish_strict(); !done) return Failed(done.error());
  return path;
}

Result<std::string> read_log_size(JsonFields fields, const std::string& fallback) {
  auto size = fields.text("maxSize").value_or(fallback);
  if (auto parsed = parse_size(size); !parsed) fields.refuse("maxSize", parsed.error().message);
  if (auto done = fields.finish_strict(); !done) return Failed(done.error());
  return size;
}

Result<uint32_t> read_login_wait(JsonFields& document, uint32_t fallback) {
  auto seconds = document.id("loginWaitSeconds").value_or(fallback);
  constexpr uint32_t kShortest = 2;  // a login takes about one by itself
  constexpr uint32_t kLongest = 3600;
  if (seconds < kShortest || seconds > kLongest) {
    document.refuse("loginWaitSeconds", "must be 2 to 3600 seconds");
  }
  if (auto done = document.finish(); !done) return Failed(done.error());
  return seconds;
}

Result<void> read_server(JsonFields& document, const JsonLines& lines, Config& config) {
  auto ids = read_ids(section(document, "ids", lines));
  if (!ids) return Failed(ids.error());
  config.ids = *ids;
  auto bridge = read_bridge(section(document, "bridge", lines));
  if (!bridge) return Failed(bridge.error());
  config.bridge = *bridge;
  auto home = read_home(document, config.home);
  if (!home) return Failed(home.error());
  config.home = *home;
  auto socket = read_docker_socket(section(document, "docker", lines), config.docker_socket);
  if (!socket) return Failed(socket.error());
  config.docker_socket = *socket;
  auto log_size = read_log_size(section(document, "logs", lines), config.log_max_size);
  if (!log_size) return Failed(log_size.error());
  config.log_max_size = *log_size;
  auto login_wait = read_login_wait(document, config.login_wait_seconds);
  if (!login_wait) return Failed(login_wait.error());
  config.login_wait_seconds = *login_wait;
  config.greeting = document.boolean("greeting").value_or(config.greeting);
  return document.finish();
}

}  // namespace

Result<Config> parse_config(const std::string& text) {
  JsonLines lines;
  auto parsed = parse_json(text, lines);
  if (!parsed) return Failed(parsed.error());
  JsonFields document(*parsed, "", &lines);
  Config config;
  if (auto done = read_server(document, lines, config); !done) return Failed(done.error());
  config.own_paths = {config.docker_socket};
  auto access = read_gpu_access(document);
  if (!access) return Failed(access.error());
  config.gpu_access = *access;
  if (auto done = read_policy(document, lines, config); !done) return Failed(done.error());
  if (auto done = document.finish_strict(); !done) return Failed(done.error());
  return config;
}

Result<Config> load_config(const std::string& path) {
  auto text = read_file(path);
  if (!text) {
    if (text.error().code == ErrorCode::kNotFound) return Config{};
    return Failed(text.error());
  }
  auto config = parse_config(*text);
  if (!config) return wrap(path, config.error());
  return config;
}

Result<void> check_against_host(const Config& config, uint32_t host_cpus) {
  auto names = {std::string()};
  std::vector<std::string> profiles(names);
  for (const auto& [name, layer] : config.profiles) profiles.push_back(name);
  for (const auto& name : profiles) {
    auto settings = settings_of(config, sample_account(config, name));
    if (!settings) return Failed(settings.error());
    auto given = check_against_host(*settings, host_cpus);
    if (given) continue;
    return wrap(name.empty() ? "defaults" : "profiles." + name, given.error());
  }
  return {};
}

}  // namespace labgpu
