// A text of a JSON document, checked.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "helper/error.h"

namespace labgpu {

// kInvalid ("must be a text") for anything else, and for a text with a NUL byte, which would end
// where C's functions read it.
inline Result<std::string> json_text(const nlohmann::json& value) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (text.find('\0') == std::string::npos) return text;
  }
  return fail(ErrorCode::kInvalid, "must be a text");
}

}  // namespace labgpu
