// Asks the helper for a connection to the container's init.
#pragma once

#include <span>

#include "common/unique_fd.h"
#include "session/progress_line.h"

namespace labgpu {

// Waits while the helper reports progress, which is shown on `line`; null when nobody looks; and
// then for init's first word, of which nothing is read. Returns 0 and the connection, or the exit
// status for this process after the user has been told why. The line is gone by then.
[[nodiscard]] int attach_to_container(ProgressLine* line, std::span<unsigned char> buffer,
                                      UniqueFd& out);

}  // namespace labgpu
