// One connection to the session socket, and how it is answered; private to session_*.cc.
#pragma once

#include <string>
#include <string_view>

#include "helper/date.h"
#include "helper/session_server.h"

namespace labgpu {

// Packets are read in kNew (nothing came yet), kGreeted (requests may come) and kSession (none
// may). In kWorking a request is being answered, and only the peer's end is watched for.
enum class ConnectionState { kNew, kGreeted, kWorking, kSession };

struct SessionServer::Connection {
  uint64_t number = 0;  // the session's number too
  UniqueFd socket;
  Peer peer;
  ConnectionState state = ConnectionState::kNew;
  std::string user;         // whose session it is, once OpenSession came
  std::string remote_host;  // as sshd says
  Microseconds since = 0;   // when it came
  UniqueFd process;         // a pidfd of sshd's process, which has the other end
  // How long PAM waited for its answer; the login's first session command has the less time.
  std::chrono::milliseconds waited{0};
  EventSource readable;
  EventSource timer;
  // The coroutine that answers; destroying it stops it. It must not drop its own connection.
  std::optional<Task<void>> work;
};

// Replies never wait: what the socket's buffer does not take at once ends the connection.
template <typename Message>
SessionServer::Next SessionServer::reply(const Connection& connection, const Message& message,
                                         std::span<const int> fds) {
  int error = send_message(connection.socket.get(), message, Deadline::after_ms(0), fds);
  return error == 0 ? Next::kKeep : Next::kClose;
}

inline Failure failure(FailureCode code, std::string_view sentence) {
  return {.code = static_cast<uint16_t>(code), .sentence = sentence};
}

inline constexpr char kTooManyConnections[] =
    "too many connections to labgpu at once; try again in a minute";

}  // namespace labgpu
