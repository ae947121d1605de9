// The setting env: variables that a container's processes see beside the image's own.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "helper/error.h"
#include "helper/settings.h"

namespace labgpu {

// "NAME=VALUE" with commas between; a comma or a backslash in a value has a backslash before it.
// "none" is no variable.
Result<Environment> parse_environment(std::string_view text);
std::string environment_text(const Environment& environment);

// An object of texts.
Result<Environment> environment_from_json(const nlohmann::json& value);

}  // namespace labgpu
