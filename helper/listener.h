// A listening Unix socket on the event loop, and who connected to it.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "common/unique_fd.h"
#include "helper/attempt_limit.h"
#include "helper/error.h"
#include "helper/event_loop.h"

namespace labgpu {

// The kernel's word for the process that connected, at that moment (SO_PEERCRED and SO_PEERGROUPS
// of socket(7)): nobody has to look a user's groups up.
struct Peer {
  uid_t uid = static_cast<uid_t>(-1);
  pid_t pid = 0;
  std::vector<gid_t> groups{};  // the effective one and the supplementary ones
  // Whatever these are, the peer is an account's owner and no administrator (session_manage.cc).
  bool only_owner = false;
};

// A new listening socket of `type` at `path`, for everybody (0666), in place of whatever socket was
// there: for running without systemd's socket activation.
Result<UniqueFd> listen_at(const std::string& path, int type);

// Accepts on the loop for as long as it lives; connections are close-on-exec and non-blocking. When
// the process has no descriptor left it pauses instead of spinning, and says so as often as
// attempt_limit.h lets it.
class Listener {
 public:
  using Accepted = std::function<void(UniqueFd connection, Peer peer)>;

  // Owns the socket, which is made non-blocking.
  Listener(EventLoop& loop, UniqueFd socket, Accepted accepted);

 private:
  void listen_on();
  void accept_some();

  EventLoop& loop_;
  UniqueFd socket_;
  Accepted accepted_;
  EventSource readable_;
  EventSource pause_;
  AttemptLimit said_{kMostSaid, kMostSaidPeriod};
};

}  // namespace labgpu
