// What happens to containers and logins, logged so that `labgpu log` finds it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "helper/log.h"

namespace labgpu {

// The journal's field LABGPU_EVENT.
enum class LifeEvent {
  kLogin,    // a session was opened
  kLogout,   // and is over
  kRefused,  // a login was
  kCommand,  // a session command begins
  kFailed,   // there was no container for a login
  kCreated,  // of containers, from here on
  kStarted,
  kStopped,  // by labgpu
  kEnded,    // by anything else
  kRemoved,
  kOutOfMemory,  // the kernel killed a process
  kIdle,         // it will be stopped if it stays so
  kSilent,       // its init does not answer
};

inline constexpr std::string_view kLogEvent = "LABGPU_EVENT";

std::string_view to_text(LifeEvent event);

// `container` is its name, empty where there is none; `session` the login's number, 0 where it is
// not known.
void log_life(LogLevel level, LifeEvent event, const std::string& user,
              const std::string& container, const std::string& message, uint64_t session = 0);

}  // namespace labgpu
