// /etc/labgpu/labgpu.json: the server's policy and defaults. JSON with // and /* */ comments.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "helper/error.h"
#include "helper/settings_policy.h"

namespace labgpu {

struct IdRange {
  // The first id is the gid of the group `labgpu`; accounts get the ones after it.
  // Debian leaves 1000-59999 to the administrator (Debian Policy 9.2.2) and adduser takes them from
  // the bottom; systemd wants 60001 and up for itself (https://systemd.io/UIDS-GIDS/).
  uint32_t first = 20000;
  uint32_t last = 59999;
  bool operator==(const IdRange&) const = default;
};

// Accounts of the host that get a container: members of these groups, from that uid on.
struct BridgeSettings {
  std::vector<std::string> groups;
  uint32_t first_uid = 1000;  // below are system accounts (Debian Policy 9.2.2)
  bool operator==(const BridgeSettings&) const = default;
};

struct Config : SettingsPolicy {
  IdRange ids;                                     // "ids"
  BridgeSettings bridge;                           // "bridge"
  std::string home = "/home/{user}";               // "home"
  std::string docker_socket = "/run/docker.sock";  // "docker": {"socket"}
  // "logs": how much of a container's own log Docker keeps.
  std::string log_max_size = "50m";
  // "loginWaitSeconds": how long a login without a terminal may take, as its client sees it. VS
  // Code's Remote-SSH gives up after 15 seconds (remote.SSH.connectTimeout).
  uint32_t login_wait_seconds = 12;
  bool greeting = true;                 // "greeting": people are told of their container at a login
  std::optional<GpuAccess> gpu_access;  // "gpuAccess"; nullopt: what Docker offers
};

// A missing file is the defaults; an unknown key or a wrong value is an error that names the file,
// the line, the key and what is allowed.
Result<Config> load_config(const std::string& path);
Result<Config> parse_config(const std::string& text);

// What the defaults and profiles ask of a server that it, with so many CPUs, cannot give.
Result<void> check_against_host(const Config& config, uint32_t host_cpus);

}  // namespace labgpu
