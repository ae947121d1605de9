// What Docker is asked for: an account's settings as the body of POST /containers/create.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "helper/account.h"
#include "helper/config.h"
#include "helper/docker_types.h"
#include "helper/error.h"
#include "helper/host_facts.h"
#include "helper/settings.h"

namespace labgpu {

inline constexpr char kLabelUser[] = "org.labgpu.user";
inline constexpr char kLabelUid[] = "org.labgpu.uid";
// What a container was made with: container_changes.h.
inline constexpr char kLabelSettings[] = "org.labgpu.settings";
inline constexpr char kLabelGpuAccess[] = "org.labgpu.gpu-access";
// The id of the container whose place it took: container_replacer.h.
inline constexpr char kLabelReplaces[] = "org.labgpu.replaces";
// What labels of labgpu begin with.
inline constexpr char kOwnLabels[] = "org.labgpu.";

// How long a container may take to end after its stop signal.
inline constexpr int kStopGraceSeconds = 10;

// The host's directories behind /.labgpu/run and /tmp.
std::string container_directory(const std::string& state_directory, const std::string& user);

// Pure. Fails (kUnavailable) when the settings ask for what the host has not: GPUs, CPUs, ports.
Result<nlohmann::json> container_specification(const Account& account, const Settings& settings,
                                               const HostFacts& facts, const Config& config,
                                               const std::string& state_directory);

// Whose a container is.
struct ContainerOwner {
  std::string user;
  uint32_t uid = 0;
};

// nullopt when labgpu did not make it. Labels alone do not tell: a container inherits its image's,
// and users make images. Mounts cannot be inherited, so the one at /.labgpu/run has to be the
// owner's.
std::optional<ContainerOwner> owner_of(const ContainerDetails& container,
                                       const std::string& state_directory);

}  // namespace labgpu
