// The module's requests to the helper, each over a connection of its own and by a deadline.
#pragma once

#include <stdint.h>

#include <string_view>

#include "common/deadline.h"
#include "common/messages.h"
#include "common/packet_socket.h"
#include "common/unique_fd.h"
#include "pam_labgpu/login_view.h"

namespace labgpu {

// The connection is the session: it lasts until the last copy is closed. The rest is there once the
// helper's answer was taken.
struct OpenedSession {
  UniqueFd connection;
  uint64_t number = 0;     // the helper's name for the session, for logs
  ContainerFds container;  // all invalid in a detached session
};

// One request per object. Results are errno numbers as in common/packet_socket.h; with EREMOTEIO
// failure() is what the helper said. Texts borrow from the object.
class HelperClient {
 public:
  explicit HelperClient(const Deadline& deadline) : deadline_(deadline) {}
  HelperClient(const HelperClient&) = delete;
  HelperClient& operator=(const HelperClient&) = delete;
  // Wipes what passwords have left.
  ~HelperClient();

  [[nodiscard]] int check_account(const CheckAccount& request, AccountVerdict& verdict);
  // Asks for a session, and waits for nothing.
  [[nodiscard]] int begin_session(const OpenSession& request, OpenedSession& session);
  // The answer to that; once, by any process that has a copy of the connection.
  [[nodiscard]] int take_session(OpenedSession& session);

  [[nodiscard]] int check_password(const CheckPassword& request);
  [[nodiscard]] int change_password(const ChangePassword& request);

  [[nodiscard]] uint16_t failure_code() const { return failure_.code; }
  [[nodiscard]] std::string_view failure() const { return failure_.sentence; }

 private:
  template <typename Request>
  int send(const Request& request);
  template <typename Answer>
  int receive(int connection, Packet& packet, Answer& answer);
  template <typename Request, typename Answer>
  int ask(const Request& request, Answer& answer);

  Deadline deadline_;
  UniqueFd socket_;
  Failure failure_;
  unsigned char buffer_[kSmallPacket] = {};
};

}  // namespace labgpu
