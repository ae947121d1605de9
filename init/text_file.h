// Small configuration files of the container, replaced whole.
//
// Container root may have put anything under these names, so nothing here can wait for a pipe or
// fill memory. Every function returns an errno number, 0 for success.
#pragma once

#include <sys/types.h>

#include <string_view>

namespace labgpu {

// No account file of a real system comes near it; 4 MiB are some 50000 accounts.
inline constexpr size_t kMaxTextFile = size_t{4} * 1024 * 1024;

// Replaces the file at `path`: a temporary file beside it, fsync, rename. Owner and mode stay as
// they were; a new file gets `new_mode` and belongs to root. On failure the old file is untouched.
[[nodiscard]] int replace_text_file(const char* path, std::string_view content, mode_t new_mode);

// Makes the file at `path`, which must not exist (EEXIST otherwise; symbolic links count).
[[nodiscard]] int create_text_file(const char* path, std::string_view content, mode_t mode);

}  // namespace labgpu
