// Loads the driver's NVML library: servers without a GPU have none, so nothing links it.
#pragma once

#include <string>
#include <tl/expected.hpp>

#include "gpu/nvml.h"

namespace labgpu {

// A sentence without a full stop, for the administrator.
using GpuFailed = tl::unexpected<std::string>;
template <typename T>
using GpuResult = tl::expected<T, std::string>;

// NVML's functions, ready for use until the process ends. `path` is dlopen(3)'s. A driver in
// trouble can keep any call for ever: call from a process that may be killed.
GpuResult<nvml::Functions> load_nvml(const char* path);

}  // namespace labgpu
