// Builds the JSON of a container, and reads back whose it is.
#include "helper/container_spec.h"

#include <algorithm>

#include "common/parse.h"
#include "common/paths.h"
#include "helper/account_settings.h"
#include "helper/container_changes.h"
#include "helper/settings_docker.h"

namespace labgpu {

using nlohmann::json;

namespace {

// labgpu's own mounts; settings may add others.
json own_mounts(const Account& account, const std::string& state_directory) {
  std::string own = container_directory(state_directory, account.name);
  return json::array({bind_mount({account.home, account.home, false}),
                      bind_mount({own + "/tmp", "/tmp", false}),
                      bind_mount({kGuestDirectory, kGuestPrograms, true}),
                      bind_mount({own + "/run", kGuestRun, false})});
}

json host_config(const Account& account, const HostFacts& facts, const Config& config,
                 const std::string& state_directory) {
  json host = {{"Init", false}, {"Mounts", own_mounts(account, state_directory)}};
  // The drivers that keep files on this disk and know the option; others are the administrator's.
  if (facts.logging_driver == "json-file" || facts.logging_driver == "local") {
    host["LogConfig"] = {{"Type", facts.logging_driver},
                         {"Config", {{"max-size", config.log_max_size}}}};
  }
  // sshd binds its X11 listener to ::1 too, and takes a failure there for a display in use; Docker
  // switches IPv6 off in a container's loopback unless its network has it.
  if (facts.ipv6) host["Sysctls"] = {{"net.ipv6.conf.lo.disable_ipv6", "0"}};
  return host;
}

// What of the settings this host cannot give. The account's user may read it.
Result<void> check_host_has(const Account& account, const Settings& settings,
                            const HostFacts& facts) {
  bool insists =
      settings.gpus.kind != GpuChoice::Kind::kAuto && settings.gpus.kind != GpuChoice::Kind::kNone;
  if (insists && facts.gpus == GpuAccess::kNone) {
    return fail(ErrorCode::kUnavailable,
                "the container of " + account.name +
                    " is to have GPUs (gpus=" + to_text(settings.gpus) +
                    "), but Docker here offers none; install nvidia-container-toolkit, or run: "
                    "labgpu user set " +
                    account.name + " gpus=none");
  }
  if (auto given = check_against_host(settings, facts.cpus); !given) {
    return fail(ErrorCode::kUnavailable,
                "the container of " + account.name + " cannot be made: " + given.error().message);
  }
  auto open = std::find_if(settings.ports.begin(), settings.ports.end(),
                           [](const Port& port) { return port.host == 0; });
  if (open == settings.ports.end()) return {};
  return fail(ErrorCode::kUnavailable, "no port of the server is reserved for port " +
                                           container_port_name(*open) + " of " + account.name +
                                           "; run: labgpu user set " + account.name + " ports=...");
}

}  // namespace

std::string container_directory(const std::string& state_directory, const std::string& user) {
  return state_directory + "/containers/" + user;
}

Result<json> container_specification(const Account& account, const Settings& settings,
                                     const HostFacts& facts, const Config& config,
                                     const std::string& state_directory) {
  if (auto has = check_host_has(account, settings, facts); !has) return Failed(has.error());
  json body = {{"Entrypoint", json::array({kGuestInit})},
               {"Cmd", json::array()},
               {"Env", json::array()},
               {"User", "0:0"},
               {"Tty", false},
               {"StopSignal", "SIGTERM"},
               {"StopTimeout", kStopGraceSeconds},
               {"HostConfig", host_config(account, facts, config, state_directory)},
               {"Labels", settings_labels(settings, facts.gpus)}};
  body["Labels"][kLabelUser] = account.name;
  body["Labels"][kLabelUid] = std::to_string(account.uid);
  for (const auto& setting : all_settings()) {
    if (setting.put != nullptr) setting.put({settings, facts, config.ports.address, body});
  }
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
