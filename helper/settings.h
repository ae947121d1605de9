// What a container is made from and how it is entered: every setting's type.
//
// settings_table.cc says everything else about each; account_settings.h decides what counts for an
// account.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "helper/error.h"
#include "helper/setting_gpus.h"
#include "helper/setting_mounts.h"
#include "helper/setting_ports.h"
#include "helper/setting_ulimits.h"

namespace labgpu {

enum class RestartPolicy { kNo, kOnFailure, kAlways, kUnlessStopped };
enum class LoginAs { kUser, kRoot };
enum class UserNamespace { kDocker, kHost };  // kDocker: as Docker's userns-remap says

using Environment = std::map<std::string, std::string>;

// A layer of settings has std::optional in place of Field; what is decided has the values alone.
template <template <typename> typename Field>
struct SettingsOf {
  Field<std::string> image{};
  Field<std::string> hostname{};        // template, e.g. "{user}-VM"
  Field<std::string> container_name{};  // template, e.g. "{user}_container"
  Field<std::vector<Mount>> mounts{};   // beside the home directory, which is always mounted
  Field<std::vector<Port>> ports{};     // reached from outside through the server
  Field<Environment> environment{};     // beside the image's own
  Field<GpuChoice> gpus{};
  Field<uint64_t> memory_bytes{};   // 0: no limit
  Field<uint32_t> milli_cpus{};     // thousandths of a CPU; 0: no limit
  Field<uint32_t> max_processes{};  // threads count; 0: no limit
  Field<uint64_t> shm_bytes{};
  Field<std::vector<Ulimit>> ulimits{};
  Field<std::vector<std::string>> added_capabilities{};    // beside Docker's; without "CAP_"
  Field<std::vector<std::string>> dropped_capabilities{};  // of Docker's
  Field<UserNamespace> user_namespace{};
  Field<RestartPolicy> restart{};
  Field<LoginAs> login{};
  Field<uint32_t> max_sessions{};  // logins at a time; 0: as many as they like
  Field<uint32_t> idle_stop{};  // seconds without any use until the container is stopped; 0: never
  Field<uint32_t> idle_warning{};   // seconds before that in which it is announced; 0: not at all
  Field<uint32_t> max_snapshots{};  // of the container, kept at a time; 0: as many as they like
  Field<bool> builds{};             // may its user build images?
  Field<uint64_t> build_context_bytes{};
  Field<uint32_t> build_seconds{};
  Field<uint64_t> build_bytes{};  // of the image, with all its layers
  bool operator==(const SettingsOf&) const = default;
};

template <typename Value>
using Decided = Value;

// Settings that may be left open.
using SettingsLayer = SettingsOf<std::optional>;
// Every setting decided, templates filled in.
using Settings = SettingsOf<Decided>;

// One setting from its command-line form (`user set NAME KEY=VALUE`); an empty value clears it.
// kNotFound for a key that there is not.
Result<void> set_setting(SettingsLayer& layer, const std::string& key, const std::string& value);

}  // namespace labgpu
