// Numbers of bytes for people.
#pragma once

#include <stdint.h>

#include "common/text_buffer.h"

namespace labgpu {

using ByteSizeText = TextBuffer<31>;

// "0 B", "512 B", "1.5 KiB", "80.0 GiB", "512 GiB".
[[nodiscard]] ByteSizeText byte_size(uint64_t bytes);

}  // namespace labgpu
