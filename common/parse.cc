// Strict parsing of names and numbers.
#include "common/parse.h"

#include <limits.h>

namespace labgpu {

namespace {

bool parse_decimal(std::string_view text, uint64_t limit, uint64_t& value) {
  if (text.empty() || (text.size() > 1 && text[0] == '0')) return false;
  uint64_t sum = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
    auto digit = static_cast<uint64_t>(c - '0');
    if (sum > (limit - digit) / 10) return false;
    sum = sum * 10 + digit;
  }
  value = sum;
  return true;
}

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

bool is_user_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxUserName) return false;
  if (!is_lower(name[0]) && name[0] != '_') return false;
  for (char c : name) {
    if (!is_lower(c) && !is_digit(c) && c != '_' && c != '-') return false;
  }
  return true;
}

bool is_group_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxGroupName || name[name.size() - 1] == ' ') return false;
  for (size_t i = 0; i < name.size(); ++i) {
    char c = name[i];
    bool plain = is_lower(c) || is_upper(c) || is_digit(c) || c == '_';
    bool inside = c == '.' || c == '-' || c == '@' || c == ' ';
    if (!plain && (!inside || i == 0)) return false;
  }
  return true;
}

std::string_view take_until(std::string_view& rest, char separator) {
  size_t size = 0;
  while (size < rest.size() && rest[size] != separator) ++size;
  std::string_view taken(rest.data(), size);
  rest.remove_prefix(size < rest.size() ? size + 1 : size);
  return taken;
}

bool parse_u32(std::string_view text, uint32_t& value) {
  uint64_t wide = 0;
  if (!parse_decimal(text, UINT32_MAX, wide)) return false;
  value = static_cast<uint32_t>(wide);
  return true;
}

bool parse_u64(std::string_view text, uint64_t& value) {
  return parse_decimal(text, UINT64_MAX, value);
}

bool is_plain_path(std::string_view path) {
  if (path.empty() || path.size() >= PATH_MAX || path[0] != '/') return false;
  if (path.size() == 1) return true;
  size_t component = 0;  // length of the component being read
  size_t dots = 0;       // how many of its characters are dots
  for (size_t i = 1; i <= path.size(); ++i) {
    if (i == path.size() || path[i] == '/') {
      if (component == 0 || (component == dots && component <= 2)) return false;
      component = dots = 0;
      continue;
    }
    auto c = static_cast<unsigned char>(path[i]);
    if (c < 0x20 || c == 0x7f) return false;
    ++component;
    if (c == '.') ++dots;
  }
  return true;
}

}  // namespace labgpu
