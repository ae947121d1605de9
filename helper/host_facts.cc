// Looks for the NVIDIA container toolkit and for IPv6.
#include "helper/host_facts.h"

#include <sched.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace labgpu {

namespace {

namespace fs = std::filesystem;

bool exists(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// The kind stands at the end of the files that nvidia-ctk writes, in YAML or JSON.
bool describes_nvidia_gpus(const fs::path& file) {
  constexpr std::streamsize kLongest = std::streamsize{4} << 20;
  std::ifstream stream(file, std::ios::binary);
  std::string text(static_cast<size_t>(kLongest), '\0');
  stream.read(text.data(), kLongest);
  text.resize(static_cast<size_t>(stream.gcount()));
  return text.find("nvidia.com/gpu") != std::string::npos;
}

bool has_cdi_specification(const std::string& directory) {
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    fs::path extension = entry->path().extension();
    bool specification = extension == ".json" || extension == ".yaml" || extension == ".yml";
    if (specification && describes_nvidia_gpus(entry->path())) return true;
  }
  return false;
}

// systemd's default PATH of services (systemd.exec(5)), in which dockerd looks.
bool has_runtime_hook(const std::string& root) {
  constexpr std::array kDirectories = {"/usr/local/sbin/", "/usr/local/bin/", "/usr/sbin/",
                                       "/usr/bin/"};
  return std::any_of(kDirectories.begin(), kDirectories.end(), [&](const char* directory) {
    return exists(root + directory + "nvidia-container-runtime-hook");
  });
}

GpuAccess find_gpu_access(const EngineInfo& engine, const std::string& root) {
  for (const std::string& directory : engine.cdi_spec_directories) {
    if (has_cdi_specification(root + directory)) return GpuAccess::kCdi;
  }
  if (has_runtime_hook(root)) return GpuAccess::kDeviceRequest;
  const auto& runtimes = engine.runtimes;
  bool runtime = std::find(runtimes.begin(), runtimes.end(), "nvidia") != runtimes.end();
  return runtime ? GpuAccess::kRuntime : GpuAccess::kNone;
}

}  // namespace

HostFacts find_host_facts(const EngineInfo& engine, std::optional<GpuAccess> gpu_access,
                          const std::string& root) {
  return {.gpus = gpu_access ? *gpu_access : find_gpu_access(engine, root),
          .logging_driver = engine.logging_driver,
          .ipv6 = exists(root + "/proc/sys/net/ipv6"),
          .cpus = count_cpus()};
}

uint32_t count_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  // Fails on a server with more CPUs than the set holds, which is 1024: no reason to refuse any.
  if (sched_getaffinity(0, sizeof set, &set) != 0) return CPU_SETSIZE;
  return static_cast<uint32_t>(CPU_COUNT(&set));
}

}  // namespace labgpu
