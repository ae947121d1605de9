// Asks the helper for a connection to the container's init.
#pragma once

#include <span>

#include "common/unique_fd.h"

namespace labgpu {

// Waits while the helper reports progress, which is shown on stderr when `show_progress`. Returns 0
// and the connection, or the exit status for this process after the user has been told why.
[[nodiscard]] int attach_to_container(bool show_progress, std::span<unsigned char> buffer,
                                      UniqueFd& out);

}  // namespace labgpu
