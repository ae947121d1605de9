// Whole files of the administrator's, read and replaced without a moment in which they are half
// there.
#pragma once

#include <optional>
#include <string>

#include "cli/result.h"

namespace labgpu {

// A file's bytes; nothing when there is no such file.
using Text = std::optional<std::string>;

Result<Text> read_text(const std::string& path);

// Makes the file be exactly that: a temporary file in the same directory, fsync, rename, fsync of
// the directory. Mode, owner and extended attributes (ACLs, SELinux labels) of a file that was
// there are kept; a new one is root's, 0644. A symbolic link stays, and what it points to is
// replaced. No text means: the file is removed. The caller has made the directory.
Result<void> write_text(const std::string& path, const Text& text);

}  // namespace labgpu
