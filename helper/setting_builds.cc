// Settings of users' builds, from and to text.
#include "helper/setting_builds.h"

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

Result<uint32_t> parse_build_time(std::string_view text) {
  constexpr uint32_t kLeast = 10;
  constexpr uint32_t kMost = 24 * 60 * 60;
  return parse_duration(text, kLeast, kMost, "from 10s to 24h, such as 30m");
}

}  // namespace labgpu
