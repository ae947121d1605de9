// strftime(3).
#include "cli/local_time.h"

#include <time.h>

#include <array>

namespace labgpu {

namespace {

std::string in_form(uint64_t microseconds, const char* form) {
  constexpr uint64_t kSecond = 1000000;
  auto seconds = static_cast<time_t>(microseconds / kSecond);
  tm parts{};
  if (localtime_r(&seconds, &parts) == nullptr) return "?";
  std::array<char, 32> shown{};
  return {shown.data(), strftime(shown.data(), shown.size(), form, &parts)};
}

}  // namespace

std::string local_time(uint64_t microseconds) { return in_form(microseconds, "%Y-%m-%d %H:%M"); }

std::string local_second(uint64_t microseconds) {
  return in_form(microseconds, "%Y-%m-%d %H:%M:%S");
}

}  // namespace labgpu
