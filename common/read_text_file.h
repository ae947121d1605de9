// Small text files that somebody else may have made: read whole into a fixed buffer.
#pragma once

#include <span>
#include <string_view>

namespace labgpu {

// Reads the regular file at `path` into `buffer`. Waits for nothing: a pipe may lie under that
// name. Returns an errno number, 0 for success. EFBIG: it does not fit, with a byte to spare;
// EINVAL: not a regular file.
[[nodiscard]] int read_text_file(const char* path, std::span<char> buffer, std::string_view& out);

}  // namespace labgpu
