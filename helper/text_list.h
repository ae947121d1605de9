// Texts with separators between, such as "a,b", taken apart and put together.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace labgpu {

// "" is one empty part.
inline std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// Appends `part`, with the separator before it unless it is the first.
inline void append_part(std::string& list, std::string_view part, std::string_view separator) {
  if (!list.empty()) list += separator;
  list += part;
}

template <typename Texts>
std::string join(const Texts& texts, std::string_view separator) {
  std::string list;
  for (const auto& text : texts) append_part(list, text, separator);
  return list;
}

}  // namespace labgpu
