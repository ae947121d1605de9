// Strict parsing of names and numbers: the whole text must be right, or nothing is taken.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <string_view>

namespace labgpu {

// 32 is what utmp(5) can hold and what useradd(8) allows.
inline constexpr size_t kMaxUserName = 32;

// An account name: [a-z_][a-z0-9_-]{0,31}, the portable set of systemd's "strict" mode and of
// Debian's adduser. It is safe as a path component, in a container name and in a host name label.
[[nodiscard]] bool is_user_name(std::string_view name);

// A group of the host's, as a directory may have it: [A-Za-z0-9_] first, then these, '.', '-', '@'
// and, inside, spaces; at most kMaxGroupName of them. None that means something in a list with
// commas or in a pattern of sshd_config(5).
inline constexpr size_t kMaxGroupName = 128;
[[nodiscard]] bool is_group_name(std::string_view name);

// Decimal digits only: no sign, no space, no leading zero but "0" itself; false on overflow.
[[nodiscard]] bool parse_u32(std::string_view text, uint32_t& value);
[[nodiscard]] bool parse_u64(std::string_view text, uint64_t& value);

// An absolute path in its plain form: starts with '/', no empty, "." or ".." component, no control
// character, shorter than PATH_MAX. "/" itself is one.
[[nodiscard]] bool is_plain_path(std::string_view path);

// Takes the text up to `separator`, or all of it, off `rest`.
[[nodiscard]] std::string_view take_until(std::string_view& rest, char separator);

// std::string_view's own need libstdc++ in unoptimised builds, which the login path must not link.
[[nodiscard]] inline bool has_prefix(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && std::string_view(text.data(), prefix.size()) == prefix;
}
[[nodiscard]] inline bool has_suffix(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() &&
         std::string_view(text.data() + (text.size() - suffix.size()), suffix.size()) == suffix;
}

}  // namespace labgpu
