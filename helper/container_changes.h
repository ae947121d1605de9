// What of an account's settings a container has not: settings are compared, value by value.
//
// A container's labels say what it was made with, as no API of Docker's would. What Docker can
// change while it runs is read from Docker itself.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "helper/docker_types.h"
#include "helper/setting_gpus.h"
#include "helper/settings.h"

namespace labgpu {

// The labels of a container that is made with these settings where Docker offers `access` to GPUs.
nlohmann::json settings_labels(const Settings& settings, GpuAccess access);

// What a container was made with. A setting that it does not tell, because an earlier version did
// not know it, is what it is when nobody sets it.
SettingsLayer made_with(const ContainerDetails& container);

// Keys of settings, in the order of the table.
struct ContainerChanges {
  std::vector<std::string> rebuild;  // only a container that is made anew would have them
  std::vector<std::string> live;     // Docker can change them now
  [[nodiscard]] bool none() const { return rebuild.empty() && live.empty(); }
};

// Without `access`, which takes a question to Docker, the way of giving GPUs is not compared.
ContainerChanges changes_of(const ContainerDetails& container, const Settings& settings,
                            std::optional<GpuAccess> access, uint32_t host_cpus);

// The body of the request that changes these live ones.
nlohmann::json live_update(const std::vector<std::string>& keys, const Settings& settings,
                           uint32_t host_cpus);

}  // namespace labgpu
