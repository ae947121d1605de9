// What labgpu uses of NVML's C interface, as the driver's libnvidia-ml.so.1 has it.
//
// Types and functions are those of NVIDIA's NVML API Reference
// (https://docs.nvidia.com/deploy/nvml-api), written down here because NVIDIA's header is in no
// package of Debian's main. NVML keeps a function with a number at its end as it is for ever, and
// new drivers add a higher number.
#pragma once

#include <array>

namespace labgpu::nvml {

using Return = int;
inline constexpr Return kSuccess = 0;
inline constexpr Return kNotSupported = 3;
inline constexpr Return kNoPermission = 4;
inline constexpr Return kNotFound = 6;
inline constexpr Return kInsufficientSize = 7;
inline constexpr Return kDriverNotLoaded = 9;

using Device = struct DeviceHandle*;  // the library's own

// Buffers that are long enough for every driver (NVML_DEVICE_NAME_V2_BUFFER_SIZE and the like).
using Text = std::array<char, 96>;

struct Memory {  // nvmlMemory_t, bytes
  unsigned long long total;
  unsigned long long free;
  unsigned long long used;
};

struct Utilization {  // nvmlUtilization_t, percent of the last sample period
  unsigned int gpu;
  unsigned int memory;
};

// Used memory is this when the driver does not know it (NVML_VALUE_NOT_AVAILABLE).
inline constexpr unsigned long long kNotAvailable = ~0ULL;

struct ProcessInfo {  // nvmlProcessInfo_v2_t: of the functions with _v2 and with _v3
  unsigned int pid;
  unsigned long long used_memory;
  unsigned int gpu_instance;
  unsigned int compute_instance;
};

inline constexpr unsigned int kTemperatureGpu = 0;  // NVML_TEMPERATURE_GPU
inline constexpr unsigned int kMigEnabled = 1;      // NVML_DEVICE_MIG_ENABLE

// The functions, by their names in the reference without "nvml" and without version.
struct Functions {
  Return (*Init)();
  const char* (*ErrorString)(Return error);
  Return (*SystemGetDriverVersion)(char* text, unsigned int size);
  Return (*DeviceGetCount)(unsigned int* count);
  Return (*DeviceGetHandleByIndex)(unsigned int index, Device* device);
  Return (*DeviceGetName)(Device device, char* text, unsigned int size);
  Return (*DeviceGetUUID)(Device device, char* text, unsigned int size);
  Return (*DeviceGetMemoryInfo)(Device device, Memory* memory);
  Return (*DeviceGetUtilizationRates)(Device device, Utilization* utilization);
  Return (*DeviceGetTemperature)(Device device, unsigned int sensor, unsigned int* celsius);
  // Null before driver 450: older ones fill in another struct, and have no MIG.
  Return (*DeviceGetComputeRunningProcesses)(Device device, unsigned int* count,
                                             ProcessInfo* processes);
  Return (*DeviceGetGraphicsRunningProcesses)(Device device, unsigned int* count,
                                              ProcessInfo* processes);
  Return (*DeviceGetMigMode)(Device device, unsigned int* current, unsigned int* pending);
  Return (*DeviceGetMaxMigDeviceCount)(Device device, unsigned int* count);
  Return (*DeviceGetMigDeviceHandleByIndex)(Device device, unsigned int index, Device* mig);
};

}  // namespace labgpu::nvml
