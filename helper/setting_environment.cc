// Variables from and to text and JSON.
#include "helper/setting_environment.h"

#include <algorithm>
#include <array>

#include "helper/json_text.h"
#include "helper/settings_values.h"
#include "helper/text_list.h"

namespace labgpu {

namespace {

// A login sets these by itself (init/environment.cc), and the GPUs are the setting gpus.
constexpr std::array<std::string_view, 10> kNotHere = {
    "HOME",  "HOSTNAME", "LOGNAME", "PWD",  "SHELL",
    "SHLVL", "TERM",     "USER",    "MAIL", "NVIDIA_VISIBLE_DEVICES"};

bool is_variable_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return is_alphanumeric(c) || c == '_'; });
}

Result<void> put(Environment& environment, const std::string& name, const std::string& value) {
  if (!is_variable_name(name)) {
    return fail(ErrorCode::kInvalid,
                "\"" + name + "\" must be the name of a variable: letters, digits and _");
  }
  if (std::find(kNotHere.begin(), kNotHere.end(), name) != kNotHere.end()) {
    return fail(ErrorCode::kInvalid, "cannot have " + name + ", which labgpu sets itself");
  }
  bool line = std::none_of(value.begin(), value.end(), [](char c) {
    auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
  if (!line) {
    return fail(ErrorCode::kInvalid, "has a control character in the value of " + name);
  }
  if (!environment.emplace(name, value).second) {
    return fail(ErrorCode::kInvalid, "has " + name + " twice");
  }
  return {};
}

Result<void> put_assignment(Environment& environment, const std::string& assignment) {
  auto equals = assignment.find('=');
  if (equals == std::string::npos) {
    return fail(ErrorCode::kInvalid, "\"" + assignment +
                                         "\" must be NAME=VALUE; a comma in a value is written "
                                         "\\,");
  }
  return put(environment, assignment.substr(0, equals), assignment.substr(equals + 1));
}

}  // namespace

Result<Environment> parse_environment(std::string_view text) {
  Environment environment;
  if (text == "none") return environment;
  std::string part;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      part += text[++i];
    } else if (text[i] == ',') {
      if (auto done = put_assignment(environment, part); !done) return Failed(done.error());
      part.clear();
    } else {
      part += text[i];
    }
  }
  if (auto done = put_assignment(environment, part); !done) return Failed(done.error());
  return environment;
}

std::string environment_text(const Environment& environment) {
  std::string text;
  for (const auto& [name, value] : environment) {
    append_part(text, name + "=", ",");
    for (char c : value) {
      if (c == ',' || c == '\\') text += '\\';
      text += c;
    }
  }
  return text.empty() ? "none" : text;
}

Result<Environment> environment_from_json(const nlohmann::json& value) {
  if (!value.is_object()) {
    return fail(ErrorCode::kInvalid, "must be an object of texts, such as {\"NAME\": \"VALUE\"}");
  }
  Environment environment;
  for (const auto& [name, each] : value.items()) {
    auto text = json_text(each);
    if (!text) return fail(ErrorCode::kInvalid, "has " + name + ", which " + text.error().message);
    if (auto done = put(environment, name, *text); !done) return Failed(done.error());
  }
  return environment;
}

}  // namespace labgpu
