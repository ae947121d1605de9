// Lines that wait for a timer.
#include "helper/login_log.h"

#include <chrono>
#include <utility>

namespace labgpu {

namespace {

// From PAM's session to the user's shell; sshd and systemd take most of it.
constexpr std::chrono::milliseconds kDelay{100};

}  // namespace

void LoginLog::add(LifeEvent event, std::string user, uint64_t session, std::string message) {
  waiting_.push_back({event, std::move(user), session, std::move(message)});
  if (!timer_) timer_ = loop_.after(kDelay, [this] { write(); });
}

void LoginLog::write() {
  timer_.reset();
  for (const auto& line : std::exchange(waiting_, {})) {
    log_life(LogLevel::kInfo, line.event, line.user, "", line.message, line.session);
  }
}

}  // namespace labgpu
