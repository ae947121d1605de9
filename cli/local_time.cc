// strftime(3).
#include "cli/local_time.h"

#include <time.h>

#include <array>

namespace labgpu {

std::string local_time(uint64_t microseconds) {
  constexpr uint64_t kSecond = 1000000;
  auto seconds = static_cast<time_t>(microseconds / kSecond);
  tm parts{};
  if (localtime_r(&seconds, &parts) == nullptr) return "?";
  std::array<char, 32> shown{};
  return {shown.data(), strftime(shown.data(), shown.size(), "%Y-%m-%d %H:%M", &parts)};
}

}  // namespace labgpu
