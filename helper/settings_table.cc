// Every setting: its names, its value, when a change counts, and how Docker is told.
#include "helper/settings_table.h"

#include <array>
#include <stdexcept>
#include <utility>

#include "helper/setting_builds.h"
#include "helper/setting_capabilities.h"
#include "helper/setting_environment.h"
#include "helper/setting_forms.h"
#include "helper/settings_checks.h"
#include "helper/settings_docker.h"
#include "helper/settings_values.h"

namespace labgpu {

namespace {

using nlohmann::json;
using Layer = SettingsLayer;

const std::string& same_text(const std::string& text) { return text; }
json text_json(const std::string& text) { return text; }
std::string port_text(const Port& port) { return to_text(port); }
json port_json(const Port& port) { return to_text(port); }
std::string ulimit_text(const Ulimit& limit) { return to_text(limit); }
json ulimit_json(const Ulimit& limit) { return to_text(limit); }
std::string gpus_text(const GpuChoice& gpus) { return to_text(gpus); }
const std::string& target_of(const Mount& mount) { return mount.target; }
const std::string& name_of(const Ulimit& limit) { return limit.name; }
std::string mount_text(const Mount& mount) { return to_text(mount); }
json mount_json(const Mount& mount) { return to_json(mount); }

template <auto kParse>
Result<Parsed<kParse>> from_text(const json& value) {
  auto text = json_text(value);
  if (!text) return fail(ErrorCode::kInvalid, "must be a list of texts");
  return kParse(*text);
}

template <typename Word>
std::string_view word(const Word& value) {
  return to_text(value);
}

// The cpus of JSON: 4 or 2.5; the parser rounds, so the text is looked at.
struct CpusForm : TextForm<parse_cpus, cpus_text> {
  static Result<uint32_t> read(const json& value) {
    return value.is_number() ? parse_cpus(value.dump()) : TextForm::read(value);
  }
  static json write(uint32_t milli) {
    if (milli % 1000 == 0) return milli / 1000;
    return milli / 1000.0;
  }
};

struct EnvironmentForm {
  using Value = Environment;
  static Result<Value> parse(std::string_view text) { return parse_environment(text); }
  static std::string print(const Value& value) { return environment_text(value); }
  static Result<Value> read(const json& value) { return environment_from_json(value); }
  static json write(const Value& value) { return value; }
};

using ImageForm = TextForm<parse_image, same_text>;
using TemplateForm = TextForm<parse_template, same_text>;
using GpusForm = TextForm<parse_gpus, gpus_text>;
using MountsForm = ListForm<parse_mount, mount_text, mount_from_json, mount_json, target_of>;
using PortsForm = ListForm<parse_port, port_text, port_from_json, port_json, container_port_name>;
using UlimitsForm =
    ListForm<parse_ulimit, ulimit_text, from_text<parse_ulimit>, ulimit_json, name_of>;
using CapabilitiesForm =
    ListForm<parse_capability, same_text, from_text<parse_capability>, text_json, same_text>;
using SizeForm = NumberForm<parse_size, check_size, size_text>;
using MemoryForm = NumberForm<parse_memory, check_memory, memory_text>;
using ProcessesForm = NumberForm<parse_max_processes, check_max_processes, count_text>;
using SessionsForm = NumberForm<parse_max_sessions, check_max_sessions, count_text>;
using IdleStopForm = TextForm<parse_idle_stop, idle_stop_text>;
using IdleWarningForm = TextForm<parse_idle_warning, idle_warning_text>;
using SnapshotsForm = NumberForm<parse_max_snapshots, check_max_snapshots, count_text>;
using UserNamespaceForm = TextForm<parse_user_namespace, word<UserNamespace>>;
using RestartForm = TextForm<parse_restart, word<RestartPolicy>>;
using ContextForm = NumberForm<parse_build_context, check_build_context, size_text>;
using BuildTimeForm = TextForm<parse_build_time, duration_text>;
using LoginForm = TextForm<parse_login, word<LoginAs>>;

template <auto kField, typename Value>
Result<void> assign(Layer& layer, Result<Value> value) {
  if (!value) return Failed(value.error());
  layer.*kField = std::move(*value);
  return {};
}

template <typename Form, auto kField, auto kDecided>
constexpr SettingField field() {
  return {
      .is_set = [](const Layer& layer) { return (layer.*kField).has_value(); },
      .clear = [](Layer& layer) { (layer.*kField).reset(); },
      .parse = [](Layer& layer,
                  std::string_view text) { return assign<kField>(layer, Form::parse(text)); },
      .print = [](const Layer& layer) { return Form::print(*(layer.*kField)); },
      .read = [](Layer& layer,
                 const json& value) { return assign<kField>(layer, Form::read(value)); },
      .write = [](const Layer& layer) { return Form::write(*(layer.*kField)); },
      .lay =
          [](const Layer& upper, Layer& lower) {
            if (upper.*kField) lower.*kField = upper.*kField;
          },
      .same = [](const Layer& one, const Layer& other) { return one.*kField == other.*kField; },
      .decide = [](const Layer& layer,
                   Settings& settings) { settings.*kDecided = *(layer.*kField); },
      .reopen = [](const Settings& settings, Layer& layer) { layer.*kField = settings.*kDecided; },
  };
}

constexpr std::array kSettings{
    Setting{.key = "image",
            .name = "image",
            .standard = "labgpu/default:latest",
            .change = Change::kNewContainer,
            .field = field<ImageForm, &Layer::image, &Settings::image>(),
            .put = put_image},
    Setting{.key = "hostname",
            .name = "hostname",
            .standard = "{user}-VM",
            .change = Change::kNewContainer,
            .field = field<TemplateForm, &Layer::hostname, &Settings::hostname>(),
            .complete = complete_hostname,
            .put = put_hostname},
    Setting{.key = "container_name",
            .name = "containerName",
            .standard = "{user}_container",
            .change = Change::kNewContainer,
            .field = field<TemplateForm, &Layer::container_name, &Settings::container_name>(),
            .complete = complete_container_name},
    Setting{.key = "mounts",
            .name = "mounts",
            .standard = "none",
            .change = Change::kNewContainer,
            .field = field<MountsForm, &Layer::mounts, &Settings::mounts>(),
            .complete = complete_mounts,
            .put = put_mounts},
    Setting{.key = "ports",
            .name = "ports",
            .standard = "none",
            .change = Change::kNewContainer,
            .field = field<PortsForm, &Layer::ports, &Settings::ports>(),
            .complete = complete_ports,
            .put = put_ports},
    Setting{.key = "gpus",
            .name = "gpus",
            .standard = "auto",
            .change = Change::kNewContainer,
            .field = field<GpusForm, &Layer::gpus, &Settings::gpus>(),
            .put = put_gpus},
    Setting{.key = "memory",
            .name = "memory",
            .standard = "none",
            .change = Change::kLive,
            .field = field<MemoryForm, &Layer::memory_bytes, &Settings::memory_bytes>(),
            .put = put_memory,
            .holds = holds_memory,
            .update = update_memory},
    Setting{.key = "cpus",
            .name = "cpus",
            .standard = "none",
            .change = Change::kLive,
            .field = field<CpusForm, &Layer::milli_cpus, &Settings::milli_cpus>(),
            .put = put_cpus,
            .holds = holds_cpus,
            .update = update_cpus},
    Setting{.key = "pids",
            .name = "pids",
            .standard = "none",
            .change = Change::kLive,
            .field = field<ProcessesForm, &Layer::max_processes, &Settings::max_processes>(),
            .put = put_pids,
            .holds = holds_pids,
            .update = update_pids},
    Setting{.key = "shm_size",
            .name = "shmSize",
            .standard = "8g",
            .change = Change::kNewContainer,
            .field = field<SizeForm, &Layer::shm_bytes, &Settings::shm_bytes>(),
            .put = put_shm_size},
    Setting{.key = "ulimits",
            .name = "ulimits",
            .standard = "none",
            .change = Change::kNewContainer,
            .field = field<UlimitsForm, &Layer::ulimits, &Settings::ulimits>(),
            .put = put_ulimits},
    Setting{.key = "env",
            .name = "env",
            .standard = "none",
            .change = Change::kNewContainer,
            .field = field<EnvironmentForm, &Layer::environment, &Settings::environment>(),
            .put = put_environment},
    Setting{
        .key = "cap_add",
        .name = "capAdd",
        .standard = "none",
        .change = Change::kNewContainer,
        .field =
            field<CapabilitiesForm, &Layer::added_capabilities, &Settings::added_capabilities>(),
        .complete = complete_added_capabilities,
        .put = put_added_capabilities},
    Setting{.key = "cap_drop",
            .name = "capDrop",
            .standard = "none",
            .change = Change::kNewContainer,
            .field = field<CapabilitiesForm, &Layer::dropped_capabilities,
                           &Settings::dropped_capabilities>(),
            .complete = complete_dropped_capabilities,
            .put = put_dropped_capabilities},
    Setting{.key = "userns",
            .name = "userns",
            .standard = "docker",
            .change = Change::kNewContainer,
            .field = field<UserNamespaceForm, &Layer::user_namespace, &Settings::user_namespace>(),
            .put = put_user_namespace},
    Setting{.key = "restart",
            .name = "restart",
            .standard = "unless-stopped",
            .change = Change::kLive,
            .field = field<RestartForm, &Layer::restart, &Settings::restart>(),
            .put = put_restart,
            .holds = holds_restart,
            .update = update_restart},
    Setting{.key = "login",
            .name = "login",
            .standard = "user",
            .change = Change::kAtOnce,
            .field = field<LoginForm, &Layer::login, &Settings::login>()},
    Setting{.key = "max_sessions",
            .name = "maxSessions",
            .standard = "none",
            .change = Change::kAtOnce,
            .field = field<SessionsForm, &Layer::max_sessions, &Settings::max_sessions>()},
    Setting{.key = "idle_stop",
            .name = "idleStop",
            .standard = "never",
            .change = Change::kAtOnce,
            .field = field<IdleStopForm, &Layer::idle_stop, &Settings::idle_stop>()},
    Setting{.key = "idle_warning",
            .name = "idleWarning",
            .standard = "10m",
            .change = Change::kAtOnce,
            .field = field<IdleWarningForm, &Layer::idle_warning, &Settings::idle_warning>()},
    Setting{.key = "snapshots",
            .name = "snapshots",
            .standard = "5",
            .change = Change::kAtOnce,
            .field = field<SnapshotsForm, &Layer::max_snapshots, &Settings::max_snapshots>()},
    Setting{.key = "builds",
            .name = "builds",
            .standard = "yes",
            .change = Change::kAtOnce,
            .field = field<YesNoForm, &Layer::builds, &Settings::builds>()},
    Setting{
        .key = "build_context",
        .name = "buildContext",
        .standard = "512m",
        .change = Change::kAtOnce,
        .field = field<ContextForm, &Layer::build_context_bytes, &Settings::build_context_bytes>()},
    Setting{.key = "build_time",
            .name = "buildTime",
            .standard = "1h",
            .change = Change::kAtOnce,
            .field = field<BuildTimeForm, &Layer::build_seconds, &Settings::build_seconds>()},
    Setting{.key = "build_size",
            .name = "buildSize",
            .standard = "50g",
            .change = Change::kAtOnce,
            .field = field<SizeForm, &Layer::build_bytes, &Settings::build_bytes>()},
};

Layer make_standard() {
  Layer layer;
  for (const auto& setting : kSettings) {
    auto parsed = setting.field.parse(layer, setting.standard);
    if (!parsed) throw std::logic_error(std::string(setting.key) + " " + parsed.error().message);
  }
  return layer;
}

}  // namespace

std::span<const Setting> all_settings() { return kSettings; }

const SettingsLayer& standard_settings() {
  static const SettingsLayer standard = make_standard();
  return standard;
}

SettingsLayer as_layer(const Settings& settings) {
  SettingsLayer layer;
  for (const auto& setting : kSettings) setting.field.reopen(settings, layer);
  return layer;
}

Result<void> set_setting(SettingsLayer& layer, const std::string& key, const std::string& value) {
  std::string known;
  for (const auto& setting : kSettings) {
    append_part(known, setting.key, ", ");
    if (setting.key != key) continue;
    if (value.empty()) {
      setting.field.clear(layer);
      return {};
    }
    auto parsed = setting.field.parse(layer, value);
    if (!parsed) return fail(parsed.error().code, key + " " + parsed.error().message);
    return {};
  }
  return fail(ErrorCode::kNotFound, "there is no setting \"" + key + "\"; there are: " + known);
}

}  // namespace labgpu
