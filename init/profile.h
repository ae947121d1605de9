// The text of /etc/profile.d/00-labgpu.sh, which gives login shells the image's PATH back.
#pragma once

#include <string_view>

#include "common/text_buffer.h"

namespace labgpu {

// PATH is at most 128 KiB (execve(2), MAX_ARG_STRLEN); a sane one is far below this.
using ProfileScript = TextBuffer<16384>;

// POSIX shell that sets and exports PATH to exactly `path`, whatever bytes it has. False: too long.
[[nodiscard]] bool make_profile_script(std::string_view path, ProfileScript& out);

}  // namespace labgpu
