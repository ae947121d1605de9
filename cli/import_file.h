// The files of `labgpu user import` and `labgpu user export`: many accounts, in JSON or in CSV.
//
// Both say the same: JSON is an array of the NewUser objects of helper/org.labgpu.varlink, CSV has
// a column for each of their fields. Other columns are settings, named as `labgpu user set` does.
// Whether what they say is right the helper decides.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/result.h"

namespace labgpu {

struct ImportEntry {
  std::string place;  // "line 3", or "entry 3" of an array
  nlohmann::json user;
};

// JSON when it begins with a bracket, else CSV. An error names the line, and what to do.
Result<std::vector<ImportEntry>> parse_import(const std::string& text);

// `users`: an array of NewUser objects.
std::string export_as_json(const nlohmann::json& users);
std::string export_as_csv(const nlohmann::json& users);

}  // namespace labgpu
