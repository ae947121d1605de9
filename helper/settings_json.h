// Settings as JSON: in labgpu.json, in an account's record, on a container and over Varlink.
//
// Names are camelCase, as in systemd's JSON records; settings_table.cc has them.
#pragma once

#include <nlohmann/json.hpp>

#include "helper/json_fields.h"
#include "helper/settings.h"

namespace labgpu {

// Takes the settings out of `fields`; mistakes are told by its finish().
SettingsLayer take_settings(JsonFields& fields);

// Only what is set.
nlohmann::json to_json(const SettingsLayer& layer);
nlohmann::json to_json(const Settings& settings);

}  // namespace labgpu
