// What labgpu.json says about settings: defaults, profiles, and what accounts may have at all.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "helper/setting_gpus.h"
#include "helper/setting_ports.h"
#include "helper/settings.h"

namespace labgpu {

struct SettingsPolicy {
  SettingsLayer defaults;                         // "defaults"
  std::map<std::string, SettingsLayer> profiles;  // "profiles": an account may name one of them
  PortRange ports;                                // "ports"
  std::vector<std::string> allowed_capabilities;  // "allowCapabilities"
  // Directories and sockets that no container may see, beside those of every server.
  std::vector<std::string> own_paths;
};

}  // namespace labgpu
