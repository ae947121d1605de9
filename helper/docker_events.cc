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
                bool fed = lines_.feed(piece, [this](std::string_view line) { take_line(line); });
                if (!fed && nonsense_.empty()) nonsense_ = "Docker sent an event without an end";
                return nonsense_.empty();
              }};
}

void DockerEvents::take_line(std::string_view line) {
  if (!nonsense_.empty()) return;
  if (Result<ContainerEvent> event = parse_container_event(line)) {
    handlers_.on_event(*event);
  } else {
    nonsense_ = event.error().message;
  }
}

Task<void> DockerEvents::follow() {
  milliseconds delay = kFirstDelay;
  for (;;) {
    connected_ = false;
    nonsense_.clear();
    lines_ = {};
    HttpStream stream = make_stream();
    auto since = std::chrono::system_clock::now();
    auto begun = std::chrono::steady_clock::now();
    Error end = co_await docker_.follow_events(label_, since, std::move(stream));
    bool made_sense = nonsense_.empty() || std::chrono::steady_clock::now() - begun > kLastDelay;
    if (connected_ && made_sense) delay = kFirstDelay;
    if (!nonsense_.empty()) end.message = nonsense_;
    // Said once per outage: when it begins.
    LogLevel level = delay == kFirstDelay ? LogLevel::kWarning : LogLevel::kDebug;
    log(level, end.message + "; trying again until it answers");
    co_await loop_.sleep(delay);
    delay = std::min(delay * 2, kLastDelay);
  }
}

}  // namespace labgpu
