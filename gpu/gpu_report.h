// What NVML tells of the server's GPUs, and which processes use them.
#pragma once

#include <nlohmann/json.hpp>

#include "gpu/load_nvml.h"

namespace labgpu {

// {"driver": "535.54", "gpus": [GPU …]}, where a GPU is
//
//   {"index": "0", "uuid": "GPU-…", "name": "NVIDIA A100", "memoryUsed": bytes, "memoryTotal":
//   bytes,
//    "utilization": percent, "temperature": °C, "processes": [{"pid": 4711, "memory": bytes} …]}
//
// and its MIG devices, with an index such as "0:1", come after it and look the same. A field that
// the GPU or its driver does not tell is absent; a GPU that does not answer at all has "index" and
// "problem", a sentence. Process numbers are those of the pid namespace that this process is in.
GpuResult<nlohmann::json> report_gpus(const nvml::Functions& nvml);

}  // namespace labgpu
