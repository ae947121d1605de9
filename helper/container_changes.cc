// Compares what a container was made with to what it would be made with now.
#include "helper/container_changes.h"

#include <algorithm>

#include "helper/container_spec.h"
#include "helper/json_fields.h"
#include "helper/settings_json.h"
#include "helper/settings_table.h"

namespace labgpu {

using nlohmann::json;

namespace {

std::string label_of(const ContainerDetails& container, const char* name) {
  auto found = container.labels.find(name);
  return found == container.labels.end() ? "" : found->second;
}

// Which GPUs a container gets and how: "auto" is the same as "all" or "none" then.
struct GivenGpus {
  GpuChoice gpus;
  std::string access;
  bool operator==(const GivenGpus&) const = default;
};

GivenGpus given_gpus(GpuChoice gpus, std::string access) {
  if (access == to_text(GpuAccess::kNone)) {
    gpus = GpuChoice{GpuChoice::Kind::kNone, 0, {}};
  } else if (gpus.kind == GpuChoice::Kind::kAuto) {
    gpus.kind = GpuChoice::Kind::kAll;
  }
  return {std::move(gpus), std::move(access)};
}

bool gpus_differ(const ContainerDetails& container, const SettingsLayer& made,
                 const Settings& settings, std::optional<GpuAccess> access) {
  auto made_access = label_of(container, kLabelGpuAccess);
  auto now_access = access ? std::string(to_text(access_for(settings.gpus, *access))) : made_access;
  return given_gpus(*made.gpus, made_access) != given_gpus(settings.gpus, now_access);
}

}  // namespace

json settings_labels(const Settings& settings, GpuAccess access) {
  auto layer = as_layer(settings);
  json made = json::object();
  for (const auto& setting : all_settings()) {
    if (setting.change != Change::kAtOnce) {
      made[std::string(setting.name)] = setting.field.write(layer);
    }
  }
  return {{kLabelSettings, made.dump(-1, ' ', false, json::error_handler_t::replace)},
          {kLabelGpuAccess, std::string(to_text(access_for(settings.gpus, access)))}};
}

SettingsLayer made_with(const ContainerDetails& container) {
  SettingsLayer layer = standard_settings();
  auto made = parse_json(label_of(container, kLabelSettings), false);
  if (!made || !made->is_object()) return layer;
  for (const auto& setting : all_settings()) {
    auto value = made->find(std::string(setting.name));
    // A value that does not do any more differs from every one that does.
    if (value != made->end() && !setting.field.read(layer, *value)) setting.field.clear(layer);
  }
  return layer;
}

ContainerChanges changes_of(const ContainerDetails& container, const Settings& settings,
                            std::optional<GpuAccess> access, uint32_t host_cpus) {
  auto made = made_with(container);
  auto wanted = as_layer(settings);
  ContainerChanges changes;
  for (const auto& setting : all_settings()) {
    std::string key(setting.key);
    if (setting.change == Change::kLive) {
      if (!setting.holds(settings, container.limits, host_cpus)) changes.live.push_back(key);
    } else if (setting.change == Change::kNewContainer) {
      bool differs = key == "gpus" && made.gpus ? gpus_differ(container, made, settings, access)
                                                : !setting.field.same(made, wanted);
      if (differs) changes.rebuild.push_back(key);
    }
  }
  return changes;
}

json live_update(const std::vector<std::string>& keys, const Settings& settings,
                 uint32_t host_cpus) {
  json body = json::object();
  for (const auto& setting : all_settings()) {
    bool asked = std::find(keys.begin(), keys.end(), setting.key) != keys.end();
    if (asked && setting.update != nullptr) setting.update(settings, host_cpus, body);
  }
  return body;
}

}  // namespace labgpu
