// Settings as JSON: in labgpu.json, in an account's record and over Varlink.
//
// Names are camelCase, as in systemd's JSON records: image hostname containerName mounts gpus
// shmSize restart login. A mount is "/data", "/source:/target[:ro]" or {"source", "target",
// "readOnly"}; shmSize is a number of bytes or a text such as "8g".
#pragma once

#include <nlohmann/json.hpp>

#include "helper/json_fields.h"
#include "helper/settings.h"

namespace labgpu {

// Takes the settings out of `fields`; mistakes are told by its finish().
SettingsLayer take_settings(JsonFields& fields);

// Only what is set; mounts as objects, shmSize in bytes.
nlohmann::json to_json(const SettingsLayer& layer);
nlohmann::json to_json(const Settings& settings);

}  // namespace labgpu
