// Binary prefixes, as IEC 80000-13 names them.
#include "common/byte_size.h"

#include <stddef.h>

namespace labgpu {

// In tenths of the unit, rounded. Values of the larger units lose bits that nobody sees.
ByteSizeText byte_size(uint64_t bytes) {
  constexpr const char* kUnits[] = {" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB"};
  constexpr size_t kLast = sizeof kUnits / sizeof kUnits[0] - 1;
  ByteSizeText text;
  if (bytes < 1024) {
    text.add(bytes).add(kUnits[0]);
    return text;
  }
  size_t unit = 1;
  // 1023.5 would be shown as 1024.
  while (unit < kLast && bytes >= (uint64_t{1023} << 10) + 512) {
    bytes >>= 10;
    ++unit;
  }
  uint64_t tenths = (bytes * 10 + 512) / 1024;
  if (tenths < 1000) {
    text.add(tenths / 10).add(".").add(tenths % 10);
  } else {
    text.add((bytes + 512) / 1024);
  }
  text.add(kUnits[unit]);
  return text;
}

}  // namespace labgpu
