// Single settings from and to text.
#include "helper/settings_values.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/parse.h"
#include "helper/image_name.h"
#include "helper/text_list.h"

namespace labgpu {

namespace {

template <typename Value, size_t kCount>
using Names = std::array<std::pair<std::string_view, Value>, kCount>;

constexpr Names<RestartPolicy, 4> kPolicies{{{"no", RestartPolicy::kNo},
                                             {"on-failure", RestartPolicy::kOnFailure},
                                             {"always", RestartPolicy::kAlways},
                                             {"unless-stopped", RestartPolicy::kUnlessStopped}}};
constexpr Names<LoginAs, 2> kLogins{{{"user", LoginAs::kUser}, {"root", LoginAs::kRoot}}};
constexpr Names<UserNamespace, 2> kUserNamespaces{
    {{"docker", UserNamespace::kDocker}, {"host", UserNamespace::kHost}}};

constexpr std::string_view kNone = "none";
constexpr std::string_view kNever = "never";
constexpr std::array<std::pair<char, uint32_t>, 4> kTimeUnits{
    {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}}};
constexpr uint32_t kYear = 365 * 86400;
constexpr uint64_t kMebibyte = uint64_t{1} << 20;
constexpr uint64_t kGibibyte = uint64_t{1} << 30;

template <typename Value, size_t kCount>
Result<Value> value_of(const Names<Value, kCount>& names, std::string_view text) {
  std::string known;
  for (const auto& [name, value] : names) {
    if (name == text) return value;
    append_part(known, name, ", ");
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

Result<uint64_t> parse_bytes(std::string_view given) {
  constexpr std::string_view kUnits = "kmgt";
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
  return count << shift;
}

}  // namespace

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_host_label(std::string_view label) {
  if (label.empty() || label.front() == '-' || label.back() == '-') return false;
  return std::all_of(label.begin(), label.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-'; });
}

std::string_view to_text(RestartPolicy policy) { return name_of(kPolicies, policy); }
std::string_view to_text(LoginAs login) { return name_of(kLogins, login); }
std::string_view to_text(UserNamespace user_namespace) {
  return name_of(kUserNamespaces, user_namespace);
}

Result<RestartPolicy> parse_restart(std::string_view text) { return value_of(kPolicies, text); }
Result<LoginAs> parse_login(std::string_view text) { return value_of(kLogins, text); }
Result<UserNamespace> parse_user_namespace(std::string_view text) {
  return value_of(kUserNamespaces, text);
}

Result<uint64_t> check_size(uint64_t bytes) {
  constexpr uint64_t kLargest = uint64_t{1} << 50;  // far beyond any machine, far below overflow
  if (bytes < kMebibyte) return fail(ErrorCode::kInvalid, "is below 1m");
  if (bytes > kLargest) return fail(ErrorCode::kInvalid, "is too large");
  return bytes;
}

Result<uint64_t> parse_size(std::string_view text) {
  auto bytes = parse_bytes(text);
  return bytes ? check_size(*bytes) : bytes;
}

std::string size_text(uint64_t bytes) {
  if (bytes % kGibibyte == 0) return std::to_string(bytes / kGibibyte) + "g";
  if (bytes % kMebibyte == 0) return std::to_string(bytes / kMebibyte) + "m";
  return std::to_string(bytes);
}

// Docker's least (moby, daemon/daemon_unix.go, linuxMinMemory).
Result<uint64_t> check_memory(uint64_t bytes) {
  if (bytes == 0) return bytes;
  if (bytes < 6 * kMebibyte) return fail(ErrorCode::kInvalid, "is below 6m, Docker's least");
  return check_size(bytes);
}

Result<uint64_t> parse_memory(std::string_view text) {
  if (text == kNone) return 0;
  auto bytes = parse_bytes(text);
  if (!bytes) return fail(ErrorCode::kInvalid, bytes.error().message + ", or none for no limit");
  return *bytes == 0 ? check_size(0) : check_memory(*bytes);
}

std::string memory_text(uint64_t bytes) {
  return bytes == 0 ? std::string(kNone) : size_text(bytes);
}

Result<uint32_t> parse_cpus(std::string_view text) {
  if (text == kNone) return 0;
  constexpr size_t kDigits = 3;  // as fine as the kernel's scheduler takes it
  constexpr uint32_t kMost = 100000;
  constexpr uint32_t kLeast = 10;  // thousandths
  auto dot = text.find('.');
  std::string fraction(dot == std::string_view::npos ? "0" : text.substr(dot + 1));
  bool right = !fraction.empty() && fraction.size() <= kDigits &&
               fraction.find_first_not_of("0123456789") == std::string::npos;
  fraction.resize(kDigits, '0');
  uint32_t whole = 0;
  right = right && parse_u32(text.substr(0, dot), whole) && whole < kMost;
  uint32_t milli = whole * 1000;
  uint32_t scale = 100;
  for (char digit : right ? fraction : std::string()) {
    milli += static_cast<uint32_t>(digit - '0') * scale;
    scale /= 10;
  }
  if (right && milli >= kLeast) return milli;
  return fail(ErrorCode::kInvalid,
              "\"" + std::string(text) +
                  "\" must be a number of CPUs from 0.01 on, such as 4 or 2.5, or none for all");
}

std::string cpus_text(uint32_t milli_cpus) {
  if (milli_cpus == 0) return std::string(kNone);
  auto whole = std::to_string(milli_cpus / 1000);
  auto fraction = std::to_string(1000 + milli_cpus % 1000).substr(1);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return fraction.empty() ? whole : whole + "." + fraction;
}

Result<uint32_t> check_max_processes(uint64_t count) {
  constexpr uint64_t kLeast = 64;
  constexpr uint64_t kMost = 4194304;  // PID_MAX_LIMIT (linux/threads.h)
  if (count == 0 || (count >= kLeast && count <= kMost)) return static_cast<uint32_t>(count);
  return fail(ErrorCode::kInvalid, "must be 64 to 4194304 processes, or none for no limit");
}

Result<uint32_t> parse_max_processes(std::string_view text) {
  uint64_t count = 0;
  if (text == kNone) return 0;
  if (!parse_u64(text, count) || count == 0) count = UINT64_MAX;
  return check_max_processes(count);
}

Result<uint32_t> check_max_sessions(uint64_t count) {
  constexpr uint64_t kMost = 1000;
  if (count <= kMost) return static_cast<uint32_t>(count);
  return fail(ErrorCode::kInvalid, "must be 1 to 1000 logins, or none for no limit");
}

Result<uint32_t> parse_max_sessions(std::string_view text) {
  uint64_t count = 0;
  if (text == kNone) return 0;
  if (!parse_u64(text, count) || count == 0) count = UINT64_MAX;
  return check_max_sessions(count);
}

Result<uint32_t> parse_duration(std::string_view text, uint32_t least, uint32_t most,
                                const char* what) {
  for (const auto& [unit, seconds] : kTimeUnits) {
    uint32_t count = 0;
    if (text.empty() || text.back() != unit) continue;
    if (!parse_u32(text.substr(0, text.size() - 1), count) || count > most / seconds) break;
    if (count * seconds >= least) return count * seconds;
    break;
  }
  return fail(ErrorCode::kInvalid, "must be a time " + std::string(what));
}

std::string duration_text(uint32_t seconds) {
  for (const auto& [unit, size] : kTimeUnits) {
    if (seconds % size == 0) return std::to_string(seconds / size) + unit;
  }
  return {};
}

Result<uint32_t> parse_idle_stop(std::string_view text) {
  constexpr uint32_t kLeast = 10;
  if (text == kNever) return 0;
  return parse_duration(text, kLeast, kYear, "from 10s on, such as 90m, 12h or 7d, or never");
}

std::string idle_stop_text(uint32_t seconds) {
  return seconds == 0 ? std::string(kNever) : duration_text(seconds);
}

Result<uint32_t> parse_idle_warning(std::string_view text) {
  if (text == kNone) return 0;
  return parse_duration(text, 1, kYear, "such as 30s, 10m or 1h, or none for no warning");
}

std::string idle_warning_text(uint32_t seconds) {
  return seconds == 0 ? std::string(kNone) : duration_text(seconds);
}

Result<uint32_t> check_max_snapshots(uint64_t count) {
  constexpr uint64_t kMost = 1000;
  if (count <= kMost) return static_cast<uint32_t>(count);
  return fail(ErrorCode::kInvalid, "must be 1 to 1000 snapshots, or none for no limit");
}

Result<uint32_t> parse_max_snapshots(std::string_view text) {
  uint64_t count = 0;
  if (text == kNone) return 0;
  if (!parse_u64(text, count) || count == 0) count = UINT64_MAX;
  return check_max_snapshots(count);
}

std::string count_text(uint32_t count) {
  return count == 0 ? std::string(kNone) : std::to_string(count);
}

Result<std::string> parse_image(std::string_view text) {
  constexpr size_t kMostShown = 255;
  if (!is_image_name(text)) {
    return fail(ErrorCode::kInvalid, "\"" + std::string(text.substr(0, kMostShown)) +
                                         "\" is not the name of an image, such as debian:12");
  }
  return std::string(text);
}

Result<std::string> parse_template(std::string_view text) {
  if (text.empty()) return fail(ErrorCode::kInvalid, "must not be empty");
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
