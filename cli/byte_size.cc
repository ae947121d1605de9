// Binary prefixes, as IEC 80000-13 names them.
#include "cli/byte_size.h"

#include <array>
#include <cstdio>

namespace labgpu {

std::string byte_size(uint64_t bytes) {
  constexpr std::array<const char*, 6> kUnits{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return std::to_string(bytes) + " B";
  auto value = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  // 1023.95 would be shown as 1024.0.
  while (value >= 1023.95 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  std::array<char, 32> text{};
  int digits = value >= 99.95 ? 0 : 1;
  int length = std::snprintf(text.data(), text.size(), "%.*f %s", digits, value, kUnits[unit]);
  return {text.data(), static_cast<size_t>(length)};
}

}  // namespace labgpu
