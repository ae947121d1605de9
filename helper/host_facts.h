// What of the host and its Docker a container's specification depends on.
#pragma once

#include <string>

#include "helper/docker_types.h"

namespace labgpu {

// The way in which Docker gives a container the server's NVIDIA GPUs.
enum class GpuAccess {
  kNone,
  kCdi,            // a CDI specification of nvidia.com/gpu, Docker 25 and later
  kDeviceRequest,  // docker run --gpus: Docker found nvidia-container-runtime-hook in its PATH
  kRuntime,        // the OCI runtime "nvidia" and NVIDIA_VISIBLE_DEVICES
};

struct HostFacts {
  GpuAccess gpus = GpuAccess::kNone;
  std::string logging_driver;  // Docker's default for containers
  bool ipv6 = false;           // the kernel has IPv6 at all
};

// The API says which runtimes and which CDI directories there are, but not what `--gpus` or a CDI
// device would find. Docker is on this host, so the file system is asked. CDI goes before the
// others because GPUs given by the hook are lost when systemd reloads its units (NVIDIA's container
// toolkit documents it as a known issue). `root` goes before every path; tests set it.
HostFacts find_host_facts(const EngineInfo& engine, const std::string& root = {});

}  // namespace labgpu
