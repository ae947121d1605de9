// sd-event behind the EventLoop interface.
#include "helper/event_loop.h"

#include <malloc.h>
#include <signal.h>

#include <system_error>

namespace labgpu {

// What sd-event's C callback gets. It outlives a callback during which its owner goes away: the
// function that runs is part of it.
struct EventSource::State {
  sd_event_source* source = nullptr;
  std::function<void(uint32_t)> callback;
  bool running = false;
  bool orphaned = false;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { sd_event_source_disable_unref(source); }

  // An exception must not pass through sd-event's C frames: noexcept ends the process instead.
  static int dispatch(void* data, uint32_t events) noexcept {
    auto* state = static_cast<State*>(data);
    state->running = true;
    state->callback(events);
    state->running = false;
    if (state->orphaned) delete state;
    return 0;
  }
};

void EventSource::StateDeleter::operator()(State* state) const {
  if (!state->running) {
    delete state;
    return;
  }
  state->orphaned = true;
  sd_event_source_set_enabled(state->source, SD_EVENT_OFF);
}

namespace {

// Sources are made from good arguments and memory; a failure is a mistake in the program or its
// end.
void require(int result, const char* what) {
  if (result < 0) throw std::system_error(-result, std::generic_category(), what);
}

uint64_t to_microseconds(std::chrono::milliseconds delay) {
  return delay.count() <= 0 ? 0 : static_cast<uint64_t>(delay.count()) * 1000;
}

}  // namespace

EventLoop::EventLoop() { require(sd_event_new(&event_), "sd_event_new"); }

EventLoop::~EventLoop() {
  posted_source_.reset();
  trimming_.reset();
  sd_event_unref(event_);
}

EventSource EventLoop::watch(int fd, uint32_t events, std::function<void(uint32_t)> callback) {
  EventSource made = make_source(std::move(callback));
  auto dispatch = [](sd_event_source*, int, uint32_t ready, void* data) {
    return EventSource::State::dispatch(data, ready);
  };
  require(sd_event_add_io(event_, &made.state_->source, fd, events, dispatch, made.state_.get()),
          "sd_event_add_io");
  return made;
}

EventSource EventLoop::after(std::chrono::milliseconds delay, std::function<void()> callback) {
  if (sd_event_get_state(event_) == SD_EVENT_FINISHED) return {};
  EventSource made = make_source([callback = std::move(callback)](uint32_t) { callback(); });
  auto dispatch = [](sd_event_source*, uint64_t, void* data) {
    return EventSource::State::dispatch(data, 0);
  };
  // An accuracy of 1 ms; sd-event's default of 250 ms is for timers that nobody waits for.
  constexpr uint64_t kAccuracyMicroseconds = 1000;
  require(sd_event_add_time_relative(event_, &made.state_->source, CLOCK_MONOTONIC,
                                     to_microseconds(delay), kAccuracyMicroseconds, dispatch,
                                     made.state_.get()),
          "sd_event_add_time_relative");
  return made;
}

void EventLoop::post(std::function<void()> callback) {
  posted_.push_back(std::move(callback));
  if (posted_source_) return;
  posted_source_ = after(std::chrono::milliseconds(0), [this] {
    posted_source_.reset();
    auto due = std::exchange(posted_, {});
    for (auto& run_now : due) run_now();
  });
}

void EventLoop::trim_memory_soon() {
  if (trimming_) return;
  trimming_ = after(std::chrono::seconds(1), [this] {
    trimming_.reset();
    malloc_trim(0);
  });
}

EventSource EventLoop::on_signal(int number, std::function<void()> callback) {
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, number);
  require(-pthread_sigmask(SIG_BLOCK, &blocked, nullptr), "pthread_sigmask");
  EventSource made = make_source([callback = std::move(callback)](uint32_t) { callback(); });
  auto dispatch = [](sd_event_source*, const signalfd_siginfo*, void* data) {
    return EventSource::State::dispatch(data, 0);
  };
  require(sd_event_add_signal(event_, &made.state_->source, number, dispatch, made.state_.get()),
          "sd_event_add_signal");
  return made;
}

EventSource EventLoop::make_source(std::function<void(uint32_t)> callback) {
  EventSource made;
  made.state_.reset(new EventSource::State);
  made.state_->callback = std::move(callback);
  return made;
}

void EventLoop::enable_watchdog() { require(sd_event_set_watchdog(event_, 1), "watchdog"); }

int EventLoop::run() {
  int code = sd_event_loop(event_);
  require(code, "sd_event_loop");
  return code;
}

void EventLoop::exit(int code) { require(sd_event_exit(event_, code), "sd_event_exit"); }

void EventLoop::run_once(std::chrono::milliseconds timeout) {
  require(sd_event_run(event_, to_microseconds(timeout)), "sd_event_run");
}

}  // namespace labgpu
