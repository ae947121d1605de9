// The log's lines on logins that go on, written a moment after the answer that they are about.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "helper/event_loop.h"
#include "helper/life_log.h"

namespace labgpu {

// Writing a line wakes the journal, and on a server whose processors are busy that takes the place
// of the login itself, while a person waits for it. So the lines wait until the login has begun, or
// until write() is called for one that has to come after them. Their order stays.
class LoginLog {
 public:
  explicit LoginLog(EventLoop& loop) : loop_(loop) {}
  ~LoginLog() { write(); }
  LoginLog(const LoginLog&) = delete;
  LoginLog& operator=(const LoginLog&) = delete;

  // `session`: the login's number; 0 where it is not known.
  void add(LifeEvent event, std::string user, uint64_t session, std::string message);
  void write();

 private:
  struct Line {
    LifeEvent event;
    std::string user;
    uint64_t session;
    std::string message;
  };
  EventLoop& loop_;
  std::vector<Line> waiting_;
  EventSource timer_;  // there while something waits
};

}  // namespace labgpu
