// The names of events, and the fields that go with them.
#include "helper/life_log.h"

namespace labgpu {

std::string_view to_text(LifeEvent event) {
  switch (event) {
    case LifeEvent::kLogin:
      return "login";
    case LifeEvent::kLogout:
      return "logout";
    case LifeEvent::kRefused:
      return "refused";
    case LifeEvent::kCommand:
      return "command";
    case LifeEvent::kFailed:
      return "failed";
    case LifeEvent::kCreated:
      return "created";
    case LifeEvent::kStarted:
      return "started";
    case LifeEvent::kStopped:
      return "stopped";
    case LifeEvent::kEnded:
      return "ended";
    case LifeEvent::kRemoved:
      return "removed";
    case LifeEvent::kOutOfMemory:
      return "oom";
    case LifeEvent::kIdle:
      return "idle";
    case LifeEvent::kSilent:
      break;
  }
  return "silent";
}

void log_life(LogLevel level, LifeEvent event, const std::string& user,
              const std::string& container, const std::string& message, uint64_t session) {
  std::string number = session == 0 ? "" : std::to_string(session);
  log(level, message,
      {{kLogUser, user},
       {kLogContainer, container},
       {kLogSession, number},
       {kLogEvent, to_text(event)}});
}

}  // namespace labgpu
