// One peer of init's socket: first the helper, which says for whom; then a session command, which
// says what to run and hears how it ended.
#pragma once

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/deadline.h"
#include "common/packet_socket.h"
#include "common/unique_fd.h"
#include "init/command.h"

namespace labgpu {

// A slot for a connection; free when it has no socket. Sending never waits: a peer that does not
// read loses its connection, since PID 1 serves others too. Not thread-safe.
class Connection {
 public:
  // Begins with a freshly accepted socket; the slot must be free.
  void begin(UniqueFd socket);
  void end();

  [[nodiscard]] bool in_use() const { return socket_.valid(); }
  [[nodiscard]] int socket() const { return socket_.get(); }
  // True for a peer that did not come to its Start in time.
  [[nodiscard]] bool is_late() const;
  // The command's process; 0 when none runs.
  [[nodiscard]] pid_t command() const { return command_; }

  // Takes one packet; ends the connection when the peer hung up or sent what it must not.
  void on_readable();
  // The command was reaped with `status` (waitpid(2)): tells the peer, and ends.
  void on_command_ended(int status);

 private:
  enum class State : uint8_t { kHello, kIdentity, kStart, kRunning };

  [[nodiscard]] bool handle(Packet& packet);
  [[nodiscard]] bool handle_hello(Packet& packet);
  [[nodiscard]] bool handle_identity(Packet& packet);
  [[nodiscard]] bool handle_start(Packet& packet);
  [[nodiscard]] bool handle_signal(Packet& packet);
  // Tells the peer why, and is false: the connection ends.
  [[nodiscard]] bool fail(FailureCode code, std::string_view sentence);
  [[nodiscard]] bool fail(std::string_view what, int error);

  UniqueFd socket_;
  State state_ = State::kHello;
  Deadline handshake_ = Deadline::never();
  pid_t command_ = 0;
  Login login_;
};

}  // namespace labgpu
