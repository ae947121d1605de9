// Init's own words, for `docker logs`: one line on the container's stderr.
#pragma once

#include <string_view>

namespace labgpu {

// Writes "labgpu-init: SENTENCE" and a newline. Never waits: when nobody takes the container's log
// the line is lost, because PID 1 must not stand still.
void log_line(std::string_view sentence);

}  // namespace labgpu
