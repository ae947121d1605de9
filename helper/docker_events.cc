// The event stream's connection, its loss and its lines.
#include "helper/docker_events.h"

#include <algorithm>
#include <utility>

#include "helper/log.h"

namespace labgpu {

using std::chrono::milliseconds;

namespace {
constexpr milliseconds kFirstDelay{100};
constexpr milliseconds kLastDelay{5000};
}  // namespace

DockerEvents::DockerEvents(EventLoop& loop, DockerClient& docker, std::string label,
                           Handlers handlers)
    : loop_(loop), docker_(docker), label_(std::move(label)), handlers_(std::move(handlers)) {}

void DockerEvents::start() { work_.add(follow()); }

HttpStream DockerEvents::make_stream() {
  return {.on_open =
              [this] {
                connected_ = true;
                log(LogLevel::kInfo, "following Docker's events");
                handlers_.on_resync();
              },
          .on_data =
              [this](std::string_view piece) {
                auto take = [this](std::string_view line) { take_line(line); };
                if (lines_.feed(piece, take)) return;
                lines_ = {};
                take_nonsense("Docker sent an event without an end");
              }};
}

void DockerEvents::take_line(std::string_view line) {
  Result<ContainerEvent> event = parse_container_event(line);
  if (event) {
    handlers_.on_event(*event);
    return;
  }
  take_nonsense(event.error().message);
}

void DockerEvents::take_nonsense(const std::string& what) {
  if (!std::exchange(told_of_nonsense_, true)) {
    log(LogLevel::kError, what + "; it is left out, as others will be");
  }
  handlers_.on_resync();
}

Task<void> DockerEvents::follow() {
  milliseconds delay = kFirstDelay;
  for (;;) {
    connected_ = false;
    told_of_nonsense_ = false;
    lines_ = {};
    HttpStream stream = make_stream();
    auto since = std::chrono::system_clock::now();
    Error end = co_await docker_.follow_events(label_, since, std::move(stream));
    if (connected_) delay = kFirstDelay;
    // Said once per outage: when it begins.
    LogLevel level = delay == kFirstDelay ? LogLevel::kWarning : LogLevel::kDebug;
    log(level, end.message + "; trying again until it answers");
    co_await loop_.sleep(delay);
    delay = std::min(delay * 2, kLastDelay);
  }
}

}  // namespace labgpu
