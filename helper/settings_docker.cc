// Settings as fields of Docker's requests.
//
// In an update Docker takes 0 for "leave it" and refuses -1 for memory (moby,
// container/container_unix.go and daemon/daemon_unix.go), so a limit is lifted by one that is none.
#include "helper/settings_docker.h"

#include <algorithm>

#include "helper/settings_values.h"

namespace labgpu {

using nlohmann::json;

namespace {

constexpr uint64_t kEndlessMemory = uint64_t{1} << 50;  // the most that check_size() allows
constexpr uint64_t kNanoPerMilli = 1000000;
constexpr int64_t kEndlessPids = -1;

json& host_config(const ContainerRequest& request) { return request.body["HostConfig"]; }

// Without swap: a container that has used its memory up must not drag the whole server's disk
// along.
void limit_memory(uint64_t bytes, json& host) {
  host["Memory"] = bytes;
  host["MemorySwap"] = bytes;
}

uint64_t nano_cpus(uint32_t milli) { return milli * kNanoPerMilli; }

json restart_policy(RestartPolicy policy) { return {{"Name", std::string(to_text(policy))}}; }

}  // namespace

void put_image(const ContainerRequest& request) { request.body["Image"] = request.settings.image; }

void put_hostname(const ContainerRequest& request) {
  request.body["Hostname"] = request.settings.hostname;
}

void put_mounts(const ContainerRequest& request) {
  for (const Mount& mount : request.settings.mounts) {
    host_config(request)["Mounts"].push_back(bind_mount(mount));
  }
}

void put_ports(const ContainerRequest& request) {
  put_ports(request.settings.ports, request.port_address, request.body);
}

void put_gpus(const ContainerRequest& request) {
  put_gpus(request.settings.gpus, request.host.gpus, request.body);
}

void put_memory(const ContainerRequest& request) {
  uint64_t bytes = request.settings.memory_bytes;
  if (bytes != 0) limit_memory(bytes, host_config(request));
}

void put_cpus(const ContainerRequest& request) {
  uint32_t milli = request.settings.milli_cpus;
  if (milli != 0) host_config(request)["NanoCpus"] = nano_cpus(milli);
}

void put_pids(const ContainerRequest& request) {
  uint32_t most = request.settings.max_processes;
  if (most != 0) host_config(request)["PidsLimit"] = most;
}

void put_shm_size(const ContainerRequest& request) {
  host_config(request)["ShmSize"] = request.settings.shm_bytes;
}

void put_ulimits(const ContainerRequest& request) {
  put_ulimits(request.settings.ulimits, request.body);
}

// What labgpu put there itself gives way.
void put_environment(const ContainerRequest& request) {
  json& list = request.body["Env"];
  for (const auto& [name, value] : request.settings.environment) {
    auto same = [start = name + "="](const json& other) {
      return other.get_ref<const std::string&>().starts_with(start);
    };
    list.erase(std::remove_if(list.begin(), list.end(), same), list.end());
    list.push_back(name + "=" + value);
  }
}

void put_added_capabilities(const ContainerRequest& request) {
  const auto& names = request.settings.added_capabilities;
  if (!names.empty()) host_config(request)["CapAdd"] = names;
}

void put_dropped_capabilities(const ContainerRequest& request) {
  const auto& names = request.settings.dropped_capabilities;
  if (!names.empty()) host_config(request)["CapDrop"] = names;
}

void put_user_namespace(const ContainerRequest& request) {
  if (request.settings.user_namespace == UserNamespace::kHost) {
    host_config(request)["UsernsMode"] = "host";
  }
}

void put_restart(const ContainerRequest& request) {
  host_config(request)["RestartPolicy"] = restart_policy(request.settings.restart);
}

bool holds_memory(const Settings& settings, const ContainerLimits& now, uint32_t) {
  if (settings.memory_bytes != 0) return now.memory_bytes == settings.memory_bytes;
  return now.memory_bytes == 0 || now.memory_bytes >= kEndlessMemory;
}

bool holds_cpus(const Settings& settings, const ContainerLimits& now, uint32_t host_cpus) {
  if (settings.milli_cpus != 0) return now.nano_cpus == nano_cpus(settings.milli_cpus);
  return now.nano_cpus == 0 || now.nano_cpus >= uint64_t{host_cpus} * 1000 * kNanoPerMilli;
}

bool holds_pids(const Settings& settings, const ContainerLimits& now, uint32_t) {
  if (settings.max_processes != 0) return now.pids == int64_t{settings.max_processes};
  return now.pids <= 0;
}

bool holds_restart(const Settings& settings, const ContainerLimits& now, uint32_t) {
  return now.restart == to_text(settings.restart);
}

void update_memory(const Settings& settings, uint32_t, json& body) {
  limit_memory(settings.memory_bytes == 0 ? kEndlessMemory : settings.memory_bytes, body);
}

void update_cpus(const Settings& settings, uint32_t host_cpus, json& body) {
  body["NanoCpus"] = nano_cpus(settings.milli_cpus == 0 ? host_cpus * 1000 : settings.milli_cpus);
}

void update_pids(const Settings& settings, uint32_t, json& body) {
  body["PidsLimit"] = settings.max_processes == 0 ? kEndlessPids : int64_t{settings.max_processes};
}

void update_restart(const Settings& settings, uint32_t, json& body) {
  body["RestartPolicy"] = restart_policy(settings.restart);
}

}  // namespace labgpu
