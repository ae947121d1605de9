// Settings from and to JSON.
#include "helper/settings_json.h"

#include "helper/settings_table.h"

namespace labgpu {

SettingsLayer take_settings(JsonFields& fields) {
  SettingsLayer layer;
  for (const auto& setting : all_settings()) {
    std::string name(setting.name);
    const auto* value = fields.any(name);
    if (value == nullptr) continue;
    if (auto read = setting.field.read(layer, *value); !read) {
      fields.refuse(name, read.error().message);
    }
  }
  return layer;
}

nlohmann::json to_json(const SettingsLayer& layer) {
  auto out = nlohmann::json::object();
  for (const auto& setting : all_settings()) {
    if (setting.field.is_set(layer)) {
      out[std::string(setting.name)] = setting.field.write(layer);
    }
  }
  return out;
}

nlohmann::json to_json(const Settings& settings) { return to_json(as_layer(settings)); }

}  // namespace labgpu
