// Small questions to a PAM handle.
#pragma once

#include <security/pam_modules.h>

#include <string_view>

namespace labgpu {

// A text item of the handle, such as PAM_USER; "" when it is not set. Borrowed from the handle.
inline const char* text_item(const pam_handle_t* pamh, int item) {
  const void* value = nullptr;
  if (pam_get_item(pamh, item, &value) != PAM_SUCCESS || value == nullptr) return "";
  return static_cast<const char*>(value);
}

// libpam's flags are unsigned, its entry points' are not.
inline bool has(int flags, unsigned flag) { return (static_cast<unsigned>(flags) & flag) != 0; }

// For "%.*s".
inline int length(std::string_view text) { return static_cast<int>(text.size()); }

}  // namespace labgpu
