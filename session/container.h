// The conversation with the container's init: start one command, and hear how it ended.
//
// Container root may have replaced init: every packet is bounded, and what is not expected ends the
// session. Nothing that comes from there is trusted for more than this one session's own result.
#pragma once

#include <span>

#include "common/messages.h"
#include "common/unique_fd.h"
#include "session/ending.h"

namespace labgpu {

// Sends `start`, with descriptors 0 to 2 when it asks for no terminal, and reads nothing. Init
// takes it after the helper's Hello, when that has its own version. Returns 0, or the exit status
// for this process after the user has been told why.
[[nodiscard]] int send_start(int init, const Start& start, std::span<unsigned char> buffer);

// Returns 0 once the command runs, with the terminal's master side when it was asked for; or the
// exit status after the user has been told.
[[nodiscard]] int take_started(int init, bool with_terminal, std::span<unsigned char> buffer,
                               UniqueFd& master);

// For when `init` is readable: 0 and how the command ended, or an errno number.
[[nodiscard]] int take_ending(int init, Ending& out);

// Asks init to send a signal to the command; a failure shows when the ending is taken.
void forward_signal(int init, uint32_t number);

// Waits for the end of a command that has this process's descriptors 0 to 2. Gives up this
// process's own copies first, for `nothing`, which is /dev/null: when the command closes its
// stdout, the client sees end of file, as with a plain sshd. That is also why nothing can be
// printed any more when the container is lost.
[[nodiscard]] int wait_without_terminal(int init, int signals, int nothing, Ending& out);

}  // namespace labgpu
