// Builds the JSON of a container, and reads back whose it is.
#include "helper/container_spec.h"

#include <algorithm>
#include <cstdio>
#include <string_view>

#include "common/parse.h"
#include "common/paths.h"

namespace labgpu {

using nlohmann::json;

namespace {

// FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/): must stay the same from release to release,
// which std::hash does not promise.
std::string fingerprint(std::string_view text) {
  uint64_t hash = 14695981039346656037U;
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(hash));
  return digits;
}

json bind_mount(const std::string& source, const std::string& target, bool read_only = false) {
  return {{"Type", "bind"}, {"Source", source}, {"Target", target}, {"ReadOnly", read_only}};
}

json all_mounts(const Account& account, const Settings& settings,
                const std::string& state_directory) {
  std::string own = container_directory(state_directory, account.name);
  json mounts = json::array();
  mounts.push_back(bind_mount(account.home, account.home));
  for (const Mount& mount : settings.mounts) {
    mounts.push_back(bind_mount(mount.source, mount.target, mount.read_only));
  }
  mounts.push_back(bind_mount(own + "/tmp", "/tmp"));
  mounts.push_back(bind_mount(kGuestDirectory, kGuestPrograms, true));
  mounts.push_back(bind_mount(own + "/run", kGuestRun));
  return mounts;
}

// Images that are not NVIDIA's own do not say what of the driver they want; without this the
// toolkit gives them no CUDA.
void add_driver_capabilities(json& body) {
  body["Env"] = json::array({"NVIDIA_DRIVER_CAPABILITIES=all"});
}

void add_gpus(json& body, GpuAccess access) {
  json& host = body["HostConfig"];
  switch (access) {
    case GpuAccess::kNone:
      break;
    case GpuAccess::kCdi:
      host["DeviceRequests"] = json::array(
          {json{{"Driver", "cdi"}, {"DeviceIDs", json::array({"nvidia.com/gpu=all"})}}});
      break;
    case GpuAccess::kDeviceRequest:
      host["DeviceRequests"] =
          json::array({json{{"Count", -1}, {"Capabilities", json::array({json::array({"gpu"})})}}});
      add_driver_capabilities(body);
      break;
    case GpuAccess::kRuntime:
      host["Runtime"] = "nvidia";
      add_driver_capabilities(body);
      body["Env"].push_back("NVIDIA_VISIBLE_DEVICES=all");
      break;
  }
}

json host_config(const Account& account, const Settings& settings, const HostFacts& facts,
                 const std::string& log_max_size, const std::string& state_directory) {
  json host = {{"Init", false},
               {"Mounts", all_mounts(account, settings, state_directory)},
               {"RestartPolicy", {{"Name", std::string(to_text(settings.restart))}}},
               {"ShmSize", settings.shm_bytes}};
  // As Linux and systemd give it to a host's users: no core files unless asked for (ulimit -c).
  host["Ulimits"] = json::array({json{{"Name", "core"}, {"Soft", 0}, {"Hard", -1}}});
  // The drivers that keep files on this disk and know the option; others are the administrator's.
  if (facts.logging_driver == "json-file" || facts.logging_driver == "local") {
    host["LogConfig"] = {{"Type", facts.logging_driver}, {"Config", {{"max-size", log_max_size}}}};
  }
  // sshd binds its X11 listener to ::1 too, and takes a failure there for a display in use; Docker
  // switches IPv6 off in a container's loopback unless its network has it.
  if (facts.ipv6) host["Sysctls"] = {{"net.ipv6.conf.lo.disable_ipv6", "0"}};
  return host;
}

}  // namespace

std::string container_directory(const std::string& state_directory, const std::string& user) {
  return state_directory + "/containers/" + user;
}

Result<json> container_specification(const Account& account, const Settings& settings,
                                     const HostFacts& facts, const std::string& log_max_size,
                                     const std::string& state_directory) {
  if (settings.gpus == Gpus::kAll && facts.gpus == GpuAccess::kNone) {
    return fail(ErrorCode::kUnavailable,
                "the container of " + account.name +
                    " is to have all GPUs, but Docker here offers none; install "
                    "nvidia-container-toolkit, or run: labgpu user set " +
                    account.name + " gpus=none");
  }
  json body = {
      {"Hostname", settings.hostname},
      {"Image", settings.image},
      {"Entrypoint", json::array({kGuestInit})},
      {"Cmd", json::array()},
      {"User", "0:0"},
      {"Tty", false},
      {"StopSignal", "SIGTERM"},
      {"StopTimeout", kStopGraceSeconds},
      {"HostConfig", host_config(account, settings, facts, log_max_size, state_directory)}};
  if (settings.gpus != Gpus::kNone) add_gpus(body, facts.gpus);
  body["Labels"] = {
      {kLabelUser, account.name},
      {kLabelUid, std::to_string(account.uid)},
      {kLabelSpec, fingerprint(body.dump(-1, ' ', false, json::error_handler_t::replace))}};
  return body;
}

std::optional<ContainerOwner> owner_of(const ContainerDetails& container,
                                       const std::string& state_directory) {
  auto user = container.labels.find(kLabelUser);
  auto uid = container.labels.find(kLabelUid);
  if (user == container.labels.end() || uid == container.labels.end()) return std::nullopt;
  ContainerOwner owner{.user = user->second};
  if (!is_user_name(owner.user) || !parse_u32(uid->second, owner.uid)) return std::nullopt;
  std::string run = container_directory(state_directory, owner.user) + "/run";
  bool mounted = std::any_of(container.mounts.begin(), container.mounts.end(), [&](const auto& m) {
    return m.destination == kGuestRun && m.source == run;
  });
  return mounted ? std::optional(owner) : std::nullopt;
}

}  // namespace labgpu
