// What of the host and its Docker a container's specification depends on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "helper/docker_types.h"
#include "helper/setting_gpus.h"

namespace labgpu {

struct HostFacts {
  GpuAccess gpus = GpuAccess::kNone;
  std::string logging_driver;  // Docker's default for containers
  bool ipv6 = false;           // the kernel has IPv6 at all
  uint32_t cpus = 0;           // that a container may use
};

// `gpu_access` is the administrator's word for how GPUs are given, and is believed; without it, the
// host is looked at. The API says which runtimes and which CDI directories there are, but not what
// `--gpus` or a CDI device would find. Docker is on this host, so the file system is asked. CDI
// goes before the others because GPUs given by the hook are lost when systemd reloads its units
// (NVIDIA's container toolkit documents it as a known issue). `root` goes before every path; tests
// set it.
HostFacts find_host_facts(const EngineInfo& engine, std::optional<GpuAccess> gpu_access = {},
                          const std::string& root = {});

// CPUs that this process may use, as Docker counts them (Go's runtime.NumCPU).
uint32_t count_cpus();

}  // namespace labgpu
