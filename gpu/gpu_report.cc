// Asks NVML for everything, GPU by GPU.
#include "gpu/gpu_report.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace labgpu {

namespace {

using nlohmann::json;

using TextFunction = nvml::Return (*)(nvml::Device device, char* text, unsigned int size);
using ProcessFunction = nvml::Return (*)(nvml::Device device, unsigned int* count,
                                         nvml::ProcessInfo* processes);

constexpr unsigned int kMostProcesses = 65536;

void put_text(json& gpu, const char* key, TextFunction function, nvml::Device device) {
  nvml::Text text{};
  if (function(device, text.data(), text.size() - 1) == nvml::kSuccess) gpu[key] = text.data();
}

// The list may grow between the question how long it is and the one for it.
std::vector<nvml::ProcessInfo> processes_of(ProcessFunction function, nvml::Device device) {
  std::vector<nvml::ProcessInfo> processes(64);
  while (function != nullptr && processes.size() <= kMostProcesses) {
    auto count = static_cast<unsigned int>(processes.size());
    auto got = function(device, &count, processes.data());
    if (got == nvml::kSuccess) {
      processes.resize(count);
      return processes;
    }
    if (got != nvml::kInsufficientSize) break;
    processes.resize(processes.size() * 2);
  }
  return {};
}

// A process that computes and draws is in both lists, with the same memory.
json processes_reply(const nvml::Functions& nvml, nvml::Device device) {
  std::map<unsigned int, json> by_pid;
  for (auto* function :
       {nvml.DeviceGetComputeRunningProcesses, nvml.DeviceGetGraphicsRunningProcesses}) {
    for (const auto& process : processes_of(function, device)) {
      json& entry = by_pid[process.pid];
      entry["pid"] = process.pid;
      if (process.used_memory != nvml::kNotAvailable) entry["memory"] = process.used_memory;
    }
  }
  json list = json::array();
  for (auto& [pid, entry] : by_pid) list.push_back(std::move(entry));
  return list;
}

json device_reply(const nvml::Functions& nvml, nvml::Device device, const std::string& index) {
  json gpu = {{"index", index}};
  put_text(gpu, "uuid", nvml.DeviceGetUUID, device);
  put_text(gpu, "name", nvml.DeviceGetName, device);
  nvml::Memory memory{};
  if (nvml.DeviceGetMemoryInfo(device, &memory) == nvml::kSuccess) {
    gpu["memoryUsed"] = memory.used;
    gpu["memoryTotal"] = memory.total;
  }
  nvml::Utilization utilization{};
  if (nvml.DeviceGetUtilizationRates(device, &utilization) == nvml::kSuccess) {
    gpu["utilization"] = utilization.gpu;
  }
  unsigned int celsius = 0;
  if (nvml.DeviceGetTemperature(device, nvml::kTemperatureGpu, &celsius) == nvml::kSuccess) {
    gpu["temperature"] = celsius;
  }
  gpu["processes"] = processes_reply(nvml, device);
  return gpu;
}

// Index numbers have gaps where a MIG device was destroyed (nvmlDeviceGetMigDeviceHandleByIndex).
void add_mig_devices(const nvml::Functions& nvml, nvml::Device device, const std::string& index,
                     json& list) {
  if (nvml.DeviceGetMigMode == nullptr || nvml.DeviceGetMaxMigDeviceCount == nullptr ||
      nvml.DeviceGetMigDeviceHandleByIndex == nullptr) {
    return;
  }
  unsigned int current = 0;
  unsigned int pending = 0;
  unsigned int count = 0;
  if (nvml.DeviceGetMigMode(device, &current, &pending) != nvml::kSuccess ||
      current != nvml::kMigEnabled ||
      nvml.DeviceGetMaxMigDeviceCount(device, &count) != nvml::kSuccess) {
    return;
  }
  for (unsigned int i = 0; i < count; ++i) {
    nvml::Device mig = nullptr;
    if (nvml.DeviceGetMigDeviceHandleByIndex(device, i, &mig) != nvml::kSuccess) continue;
    list.push_back(device_reply(nvml, mig, index + ":" + std::to_string(i)));
  }
}

}  // namespace

GpuResult<json> report_gpus(const nvml::Functions& nvml) {
  json report = {{"gpus", json::array()}};
  nvml::Text version{};
  if (nvml.SystemGetDriverVersion(version.data(), version.size() - 1) == nvml::kSuccess) {
    report["driver"] = version.data();
  }
  unsigned int count = 0;
  auto counted = nvml.DeviceGetCount(&count);
  if (counted != nvml::kSuccess) {
    return GpuFailed(std::string("the NVIDIA driver does not count its GPUs: ") +
                     nvml.ErrorString(counted));
  }
  for (unsigned int i = 0; i < count; ++i) {
    auto index = std::to_string(i);
    nvml::Device device = nullptr;
    auto opened = nvml.DeviceGetHandleByIndex(i, &device);
    if (opened != nvml::kSuccess) {
      report["gpus"].push_back({{"index", index}, {"problem", nvml.ErrorString(opened)}});
      continue;
    }
    report["gpus"].push_back(device_reply(nvml, device, index));
    add_mig_devices(nvml, device, index, report["gpus"]);
  }
  return report;
}

}  // namespace labgpu
