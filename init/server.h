// Init's loop: accepts connections, reaps processes, and stops the container when told to.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <span>

#include "common/deadline.h"
#include "common/unique_fd.h"
#include "init/connection.h"

namespace labgpu {

// The process's one server; large, so made static. Every signal must be blocked before open().
class Server {
 public:
  // Listens at `path`, in place of whatever socket is there. Returns an errno number.
  [[nodiscard]] int open(const char* path);
  // Until a stop signal came and every process ended, or just under 10 seconds passed since.
  void run();

 private:
  static constexpr size_t kMaxConnections = 1024;

  void wait_for_event();
  void accept_connection();
  void watch_listener(bool watched);
  void end_late_connections();
  void take_signal();
  void reap();
  void begin_stop();
  void hang_up();
  void stop_harder();
  [[nodiscard]] int next_timeout();
  // The slots up to the last one in use. Each turn of the loop looks at all of them, and every slot
  // has a page of its own.
  [[nodiscard]] std::span<Connection> slots() { return {connections_, slots_}; }

  UniqueFd epoll_;
  UniqueFd signals_;
  UniqueFd listener_;
  bool listener_watched_ = false;
  bool children_waiting_ = false;  // something may be there to reap
  bool childless_ = false;         // the last look found no child at all
  bool stopping_ = false;
  bool killed_ = false;  // SIGKILL was sent
  Deadline hang_up_at_ = Deadline::never();
  Deadline kill_at_ = Deadline::never();
  Deadline leave_at_ = Deadline::never();
  size_t slots_ = 0;
  Connection connections_[kMaxConnections];
};

}  // namespace labgpu
