// What a container is made from and how it is entered: the server's defaults with one account's own
// settings over them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "helper/error.h"

namespace labgpu {

enum class Gpus { kAuto, kAll, kNone };  // kAuto: all when the engine offers NVIDIA's runtime
enum class RestartPolicy { kNo, kOnFailure, kAlways, kUnlessStopped };
enum class LoginAs { kUser, kRoot };

// A host directory shown in the container. `{user}` in either path stands for the account's name.
struct Mount {
  std::string source;
  std::string target;
  bool read_only = false;
  bool operator==(const Mount&) const = default;
};

// Settings that may be left open; the account's are laid over the server's.
struct SettingsLayer {
  std::optional<std::string> image;
  std::optional<std::string> hostname;        // template, e.g. "{user}-VM"
  std::optional<std::string> container_name;  // template, e.g. "{user}_container"
  std::optional<std::vector<Mount>> mounts;   // beside the home directory, which is always mounted
  std::optional<Gpus> gpus;
  std::optional<uint64_t> shm_bytes;
  std::optional<RestartPolicy> restart;
  std::optional<LoginAs> login;
  std::optional<uint32_t> max_sessions;  // logins at a time; 0: as many as they like
  bool operator==(const SettingsLayer&) const = default;
};

// Everything decided, templates filled in.
struct Settings {
  std::string image;
  std::string hostname;
  std::string container_name;
  std::vector<Mount> mounts;
  Gpus gpus = Gpus::kAuto;
  uint64_t shm_bytes = 0;
  RestartPolicy restart = RestartPolicy::kUnlessStopped;
  LoginAs login = LoginAs::kUser;
  uint32_t max_sessions = 0;
  bool operator==(const Settings&) const = default;
};

// As Docker and the JSON files spell them: "auto", "unless-stopped", "user" ….
std::string_view to_text(Gpus gpus);
std::string_view to_text(RestartPolicy policy);
std::string_view to_text(LoginAs login);

// labgpu's own defaults < `server` < `account`; fails when a filled-in template is not a valid host
// name, container name or plain path. In the host name every underscore becomes a hyphen, and
// hyphens at its ends go: an account may be called a_, a host may not.
Result<Settings> resolve_settings(const SettingsLayer& server, const SettingsLayer& account,
                                  const std::string& user);

// Needs nothing filled in, so it cannot fail.
uint32_t max_sessions_of(const SettingsLayer& server, const SettingsLayer& account);

// One setting from its command-line form (`user set NAME KEY=VALUE`); an empty value clears it.
// Keys: image hostname container_name mounts gpus shm_size restart login max_sessions; kNotFound
// for another one.
Result<void> set_setting(SettingsLayer& layer, const std::string& key, const std::string& value);

}  // namespace labgpu
