// The setting gpus: which of the server's NVIDIA GPUs a container gets, and how Docker is told.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "helper/error.h"

namespace labgpu {

// The way in which Docker gives a container GPUs.
enum class GpuAccess {
  kNone,
  kCdi,            // a CDI specification of nvidia.com/gpu, Docker 25 and later
  kDeviceRequest,  // docker run --gpus: Docker found nvidia-container-runtime-hook in its PATH
  kRuntime,        // the OCI runtime "nvidia" and NVIDIA_VISIBLE_DEVICES
};

struct GpuChoice {
  enum class Kind {
    kAuto,     // all when there is a way to give them
    kNone,     //
    kAll,      //
    kCount,    // the first so many
    kDevices,  // these
  };
  Kind kind = Kind::kAuto;
  uint32_t count = 0;
  // Indexes ("0"), UUIDs ("GPU-…") and MIG devices ("0:1", "MIG-…").
  std::vector<std::string> devices;
  bool operator==(const GpuChoice&) const = default;
};

// "auto", "none", "all", "count:2", "0,1", "GPU-…", "MIG-…", "0:1".
Result<GpuChoice> parse_gpus(std::string_view text);
std::string to_text(const GpuChoice& gpus);

// "none", "cdi", "device-request", "runtime".
std::string_view to_text(GpuAccess access);

// What the choice comes to where Docker offers `access`: kNone when the container gets none.
GpuAccess access_for(const GpuChoice& gpus, GpuAccess access);

// Writes it into the body of POST /containers/create.
void put_gpus(const GpuChoice& gpus, GpuAccess access, nlohmann::json& body);

}  // namespace labgpu
