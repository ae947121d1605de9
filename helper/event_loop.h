// The helper's one event loop: sd-event behind RAII, with awaitable sleep.
//
// sd-event(3) gives descriptors, timers, signals and systemd's watchdog. Everything runs on the
// thread that calls run(). An EventSource that is destroyed is off at once, also from inside its
// own callback. Sources must not outlive the loop. Callbacks must not throw: that ends the process.
#pragma once

#include <systemd/sd-event.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "helper/task.h"

namespace labgpu {

// Owns one event source; empty when default-made.
class EventSource {
 public:
  EventSource() = default;
  explicit operator bool() const { return static_cast<bool>(state_); }
  void reset() { state_.reset(); }

 private:
  friend class EventLoop;
  struct State;
  struct StateDeleter {
    void operator()(State* state) const;
  };
  std::unique_ptr<State, StateDeleter> state_;
};

class EventLoop {
 public:
  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Calls back with the ready EPOLL* events while the source lives. The descriptor is borrowed and
  // must stay open longer than the source.
  [[nodiscard]] EventSource watch(int fd, uint32_t events, std::function<void(uint32_t)> callback);
  // Calls back once after `delay`. After the end of run() the source is empty, as nobody would
  // call: what is taken down then, such as requests to Docker, may still ask for one.
  [[nodiscard]] EventSource after(std::chrono::milliseconds delay, std::function<void()> callback);
  // For after work that took megabytes: a second from now, what malloc keeps of them goes back to
  // the system. It would keep them for as long as anything that is still needed lies above.
  void trim_memory_soon();
  // Calls back once, soon, from the loop and not from inside the caller; in the order of posting.
  void post(std::function<void()> callback);
  // Blocks the signal for the process and calls back for each.
  [[nodiscard]] EventSource on_signal(int number, std::function<void()> callback);

  // co_await loop.sleep(100ms);
  auto sleep(std::chrono::milliseconds delay) {
    struct Awaiter {
      EventLoop& loop;
      std::chrono::milliseconds delay;
      EventSource timer;
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<> handle) {
        timer = loop.after(delay, [handle] { handle.resume(); });
      }
      void await_resume() {}
    };
    return Awaiter{*this, delay, {}};
  }
  // co_await loop.turn(): everything else that is due has its turn first.
  auto turn() { return sleep(std::chrono::milliseconds(0)); }

  // Answers systemd's watchdog for as long as the loop turns; nothing without WatchdogSec=.
  void enable_watchdog();
  // Runs until exit(); returns its code.
  int run();
  void exit(int code);
  // Runs what is due, waiting at most `timeout` for something; for tests.
  void run_once(std::chrono::milliseconds timeout);

 private:
  static EventSource make_source(std::function<void(uint32_t)> callback);

  sd_event* event_ = nullptr;
  EventSource posted_source_;  // there while posted_ is not empty
  std::vector<std::function<void()>> posted_;
  EventSource trimming_;
};

}  // namespace labgpu
