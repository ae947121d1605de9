// Numbers of bytes for people.
#pragma once

#include <cstdint>
#include <string>

namespace labgpu {

// "0 B", "512 B", "1.5 KiB", "80.0 GiB", "512 GiB".
std::string byte_size(uint64_t bytes);

}  // namespace labgpu
