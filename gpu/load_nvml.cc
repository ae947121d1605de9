// dlopen(3) and dlsym(3) for NVML.
#include "gpu/load_nvml.h"

#include <dlfcn.h>

#include <initializer_list>

namespace labgpu {

namespace {

class Symbols {
 public:
  explicit Symbols(void* library) : library_(library) {}

  // The first of the names that the library has; null when it has none.
  template <typename Function>
  void find(Function*& function, std::initializer_list<const char*> names) {
    function = nullptr;
    for (const char* name : names) {
      if (function == nullptr) function = reinterpret_cast<Function*>(dlsym(library_, name));
    }
  }
  template <typename Function>
  void need(Function*& function, const char* name) {
    find(function, {name});
    if (function == nullptr && missing_ == nullptr) missing_ = name;
  }
  [[nodiscard]] const char* missing() const { return missing_; }

 private:
  void* library_;
  const char* missing_ = nullptr;
};

}  // namespace

GpuResult<nvml::Functions> load_nvml(const char* path) {
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return GpuFailed(std::string("this server has no NVIDIA driver: ") + dlerror());
  }
  nvml::Functions nvml{};
  Symbols symbols(library);
  symbols.need(nvml.Init, "nvmlInit_v2");
  symbols.need(nvml.ErrorString, "nvmlErrorString");
  symbols.need(nvml.SystemGetDriverVersion, "nvmlSystemGetDriverVersion");
  symbols.need(nvml.DeviceGetCount, "nvmlDeviceGetCount_v2");
  symbols.need(nvml.DeviceGetHandleByIndex, "nvmlDeviceGetHandleByIndex_v2");
  symbols.need(nvml.DeviceGetName, "nvmlDeviceGetName");
  symbols.need(nvml.DeviceGetUUID, "nvmlDeviceGetUUID");
  symbols.need(nvml.DeviceGetMemoryInfo, "nvmlDeviceGetMemoryInfo");
  symbols.need(nvml.DeviceGetUtilizationRates, "nvmlDeviceGetUtilizationRates");
  symbols.need(nvml.DeviceGetTemperature, "nvmlDeviceGetTemperature");
  symbols.find(nvml.DeviceGetComputeRunningProcesses, {"nvmlDeviceGetComputeRunningProcesses_v3",
                                                       "nvmlDeviceGetComputeRunningProcesses_v2"});
  symbols.find(
      nvml.DeviceGetGraphicsRunningProcesses,
      {"nvmlDeviceGetGraphicsRunningProcesses_v3", "nvmlDeviceGetGraphicsRunningProcesses_v2"});
  symbols.find(nvml.DeviceGetMigMode, {"nvmlDeviceGetMigMode"});
  symbols.find(nvml.DeviceGetMaxMigDeviceCount, {"nvmlDeviceGetMaxMigDeviceCount"});
  symbols.find(nvml.DeviceGetMigDeviceHandleByIndex, {"nvmlDeviceGetMigDeviceHandleByIndex"});
  if (symbols.missing() != nullptr) {
    return GpuFailed(std::string("the NVIDIA driver is too old: its library ") + path + " has no " +
                     symbols.missing());
  }
  nvml::Return started = nvml.Init();
  if (started != nvml::kSuccess) {
    return GpuFailed(std::string("the NVIDIA driver does not work: ") + nvml.ErrorString(started) +
                     "; nvidia-smi and dmesg may tell why");
  }
  return nvml;
}

}  // namespace labgpu
