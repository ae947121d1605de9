// How the session command ends: what it tells the user, and what sshd sees.
//
//   exit status   meaning
//   0-255         the command's own
//   2             a command of labgpu's own that makes no sense
//   75            the container cannot be had now; trying again later may help
//                 (sysexits.h, EX_TEMPFAIL)
//   254           the login was refused, or labgpu is set up wrongly
//   255           the container went away; ssh(1) itself ends so when a connection is lost
#pragma once

#include <stdint.h>

#include <string_view>

#include "common/messages.h"

namespace labgpu {

inline constexpr int kUsage = 2;
inline constexpr int kTryLater = 75;
inline constexpr int kRefused = 254;
inline constexpr int kContainerLost = 255;

// How a command ended, as waitpid(2) would say it.
struct Ending {
  bool by_signal = false;
  int value = 0;  // a signal or an exit status
};

// Prints "labgpu: SENTENCE" on stderr. Control characters are replaced, since the sentence may come
// out of a container; of a very long one the beginning is printed.
void tell_user(std::string_view sentence);
void tell_user(std::string_view sentence, std::string_view detail);

// The exit status that goes with a Failure's code.
[[nodiscard]] int status_of_failure(uint16_t code);
// Tells the user why, and returns that status.
[[nodiscard]] int tell_failure(const Failure& failure);

// The same of a container that went away; returns kContainerLost.
[[nodiscard]] int tell_lost(std::string_view sentence, int error);

// Ends this process, which must not be dumpable (session/jail.h), the way the command ended. A
// signal is raised again, without a core file, because sshd reports a child's death by signal to
// the client (session.c, session_exit_message).
[[noreturn]] void end_like(const Ending& ending);

}  // namespace labgpu
