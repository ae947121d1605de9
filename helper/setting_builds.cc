// Settings of users' builds, from and to text.
#include "helper/setting_builds.h"

#include "common/parse.h"
#include "helper/settings_values.h"

namespace labgpu {

Result<bool> YesNoForm::parse(std::string_view text) {
  if (text == "yes" || text == "no") return text == "yes";
  return fail(ErrorCode::kInvalid, "must be yes or no");
}

std::string YesNoForm::print(bool value) { return value ? "yes" : "no"; }

Result<bool> YesNoForm::read(const nlohmann::json& value) {
  if (value.is_boolean()) return value.get<bool>();
  return fail(ErrorCode::kInvalid, "must be true or false");
}

nlohmann::json YesNoForm::write(bool value) { return value; }

// Above, the sizes in a tar file's headers would need another form.
Result<uint64_t> check_build_context(uint64_t bytes) {
  constexpr uint64_t kMost = uint64_t{4} << 30;
  auto size = check_size(bytes);
  if (size && *size > kMost) return fail(ErrorCode::kInvalid, "is above 4g");
  return size;
}

Result<uint64_t> parse_build_context(std::string_view text) {
  auto bytes = parse_size(text);
  return bytes ? check_build_context(*bytes) : bytes;
}

Result<uint32_t> check_build_time(uint64_t seconds) {
  constexpr uint64_t kLeast = 10;
  constexpr uint64_t kMost = uint64_t{24} * 60 * 60;
  if (seconds >= kLeast && seconds <= kMost) return static_cast<uint32_t>(seconds);
  return fail(ErrorCode::kInvalid, "must be 10s to 24h, such as 30m");
}

Result<uint32_t> parse_build_time(std::string_view text) {
  constexpr uint64_t kMostDigits = 100000;
  uint64_t unit = 1;
  auto number = text;
  if (!number.empty() && std::string_view("smh").find(number.back()) != std::string_view::npos) {
    if (number.back() == 'm') unit = 60;
    if (number.back() == 'h') unit = 3600;
    number.remove_suffix(1);
  }
  uint64_t count = 0;
  if (!parse_u64(number, count) || count > kMostDigits) return check_build_time(0);
  return check_build_time(count * unit);
}

std::string build_time_text(uint32_t seconds) {
  if (seconds % 3600 == 0) return std::to_string(seconds / 3600) + "h";
  if (seconds % 60 == 0) return std::to_string(seconds / 60) + "m";
  return std::to_string(seconds) + "s";
}

}  // namespace labgpu
