// Single settings from text.
#include "helper/settings_values.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/parse.h"

namespace labgpu {

namespace {

template <typename Value, size_t kCount>
using Names = std::array<std::pair<std::string_view, Value>, kCount>;

constexpr Names<Gpus, 3> kGpus{{{"auto", Gpus::kAuto}, {"all", Gpus::kAll}, {"none", Gpus::kNone}}};
constexpr Names<RestartPolicy, 4> kPolicies{{{"no", RestartPolicy::kNo},
                                             {"on-failure", RestartPolicy::kOnFailure},
                                             {"always", RestartPolicy::kAlways},
                                             {"unless-stopped", RestartPolicy::kUnlessStopped}}};
constexpr Names<LoginAs, 2> kLogins{{{"user", LoginAs::kUser}, {"root", LoginAs::kRoot}}};

template <typename Value, size_t kCount>
Result<Value> value_of(const Names<Value, kCount>& names, std::string_view text) {
  std::string known;
  for (const auto& [name, value] : names) {
    if (name == text) return value;
    known += (known.empty() ? "" : ", ") + std::string(name);
  }
  return fail(ErrorCode::kInvalid, "must be one of: " + known);
}

template <typename Value, size_t kCount>
std::string_view name_of(const Names<Value, kCount>& names, Value value) {
  for (const auto& [name, named] : names) {
    if (named == value) return name;
  }
  return "";
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool is_image_character(char c) {
  return is_alphanumeric(c) || std::string_view("._-/:@").find(c) != std::string_view::npos;
}

}  // namespace

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string_view to_text(Gpus gpus) { return name_of(kGpus, gpus); }
std::string_view to_text(RestartPolicy policy) { return name_of(kPolicies, policy); }
std::string_view to_text(LoginAs login) { return name_of(kLogins, login); }

Result<Gpus> parse_gpus(std::string_view text) { return value_of(kGpus, text); }
Result<RestartPolicy> parse_restart(std::string_view text) { return value_of(kPolicies, text); }
Result<LoginAs> parse_login(std::string_view text) { return value_of(kLogins, text); }

Result<uint32_t> check_max_sessions(uint64_t count) {
  constexpr uint64_t kMost = 1000;
  if (count <= kMost) return static_cast<uint32_t>(count);
  return fail(ErrorCode::kInvalid, "must be 1 to 1000 logins, or none for no limit");
}

Result<uint32_t> parse_max_sessions(std::string_view text) {
  uint64_t count = 0;
  if (text == "none") return 0;
  if (!parse_u64(text, count) || count == 0) count = UINT64_MAX;
  return check_max_sessions(count);
}

Result<uint64_t> check_size(uint64_t bytes) {
  constexpr uint64_t kSmallest = uint64_t{1} << 20;
  constexpr uint64_t kLargest = uint64_t{1} << 50;  // far beyond any machine, far below overflow
  if (bytes < kSmallest) return fail(ErrorCode::kInvalid, "is below 1m");
  if (bytes > kLargest) return fail(ErrorCode::kInvalid, "is too large");
  return bytes;
}

Result<uint64_t> parse_size(std::string_view given) {
  constexpr std::string_view kUnits = "kmg";
  auto text = given;
  unsigned shift = 0;
  if (!text.empty()) {
    auto unit = kUnits.find(static_cast<char>(text.back() | 0x20));
    if (unit != std::string_view::npos) {
      shift = 10 * (static_cast<unsigned>(unit) + 1);
      text.remove_suffix(1);
    }
  }
  uint64_t count = 0;
  if (!parse_u64(text, count)) {
    return fail(ErrorCode::kInvalid,
                "\"" + std::string(given) + "\" must be a size such as 8g or 512m");
  }
  if (count > (UINT64_MAX >> shift)) return fail(ErrorCode::kInvalid, "is too large");
  return check_size(count << shift);
}

Result<Mount> parse_mount(std::string_view text) {
  auto parts = split(text, ':');
  bool read_only = parts.size() == 3 && parts[2] == "ro";
  if (parts.size() > 3 || (parts.size() == 3 && !read_only)) {
    return fail(ErrorCode::kInvalid, "\"" + std::string(text) +
                                         "\" must be /path, /source:/target or "
                                         "/source:/target:ro");
  }
  Mount mount{std::string(parts[0]), std::string(parts.size() == 1 ? parts[0] : parts[1]),
              read_only};
  for (const auto& path : {mount.source, mount.target}) {
    if (!is_plain_path(path)) {
      return fail(ErrorCode::kInvalid,
                  "\"" + path + "\" must be an absolute path without \"..\" or double slashes");
    }
  }
  return mount;
}

Result<std::vector<Mount>> parse_mounts(std::string_view text) {
  std::vector<Mount> mounts;
  if (text == "none") return mounts;
  for (auto part : split(text, ',')) {
    auto mount = parse_mount(part);
    if (!mount) return Failed(mount.error());
    mounts.push_back(*mount);
  }
  return mounts;
}

Result<std::string> parse_image(std::string_view text) {
  constexpr size_t kLongest = 255;
  bool plain = std::all_of(text.begin(), text.end(), is_image_character);
  if (text.empty() || text.size() > kLongest || !plain || !is_alphanumeric(text[0])) {
    return fail(ErrorCode::kInvalid, "\"" + std::string(text.substr(0, kLongest)) +
                                         "\" is not the name of an image, such as debian:12");
  }
  return std::string(text);
}

Result<std::string> fill_in(std::string_view text, std::string_view user) {
  constexpr std::string_view kUser = "{user}";
  std::string filled(text);
  for (size_t at = 0; (at = filled.find(kUser, at)) != std::string::npos; at += user.size()) {
    filled.replace(at, kUser.size(), user);
  }
  if (filled.find_first_of("{}") != std::string::npos) {
    return fail(ErrorCode::kInvalid,
                "\"" + std::string(text) + "\" may have {user} in it, but no other braces");
  }
  return filled;
}

}  // namespace labgpu
