// A pseudo-terminal of the container.
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "common/messages.h"
#include "common/text_buffer.h"
#include "common/unique_fd.h"

namespace labgpu {

struct Terminal {
  UniqueFd master;
  UniqueFd slave;
  TextBuffer<32> name;  // "/dev/pts/N", as tty(1) prints it in the container
};

// Opens one with the size and modes that `start` asks for, owned by `uid`. Returns an errno number;
// EINVAL also when the modes are not a struct termios2, or when too much was typed.
[[nodiscard]] int open_terminal(const Start& start, uid_t uid, Terminal& out);

// In the command's own process: waits until what was typed before has become input, and turns the
// echo on that open_terminal() left off for it.
void settle_typed(int slave, const Start& start);

// Makes `slave` the controlling terminal of the calling session leader.
[[nodiscard]] int take_terminal(int slave);

}  // namespace labgpu
