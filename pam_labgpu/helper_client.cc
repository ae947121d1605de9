// Asks the helper, over its session socket.
#include "pam_labgpu/helper_client.h"

#include <string.h>

#include "common/paths.h"

namespace labgpu {

HelperClient::~HelperClient() { explicit_bzero(buffer_, sizeof buffer_); }

template <typename Request, typename Answer>
int HelperClient::ask(const Request& request, Packet& packet, Answer& answer) {
  int error = connect_packet_socket(kSessionSocket, deadline_, socket_);
  if (error != 0) return error;
  error = send_message(socket_.get(), Hello{}, buffer_, deadline_);
  if (error != 0) return error;
  error = send_message(socket_.get(), request, buffer_, deadline_);
  if (error != 0) return error;
  Hello hello;
  error = receive_message(socket_.get(), buffer_, packet, hello, failure_, deadline_);
  if (error != 0) return error;
  if (hello.version != kProtocolVersion) return EPROTO;
  return receive_message(socket_.get(), buffer_, packet, answer, failure_, deadline_);
}

int HelperClient::check_account(const CheckAccount& request, AccountVerdict& verdict) {
  Packet packet;
  return ask(request, packet, verdict);
}

int HelperClient::check_password(const CheckPassword& request) {
  Packet packet;
  PasswordAccepted accepted;
  return ask(request, packet, accepted);
}

int HelperClient::change_password(const ChangePassword& request) {
  Packet packet;
  PasswordAccepted accepted;
  return ask(request, packet, accepted);
}

int HelperClient::open_session(const OpenSession& request, OpenedSession& session) {
  Packet packet;
  SessionOpened answer;
  int error = ask(request, packet, answer);
  if (error != 0) return error;
  session.connection = static_cast<UniqueFd&&>(socket_);
  session.number = answer.session;
  session.container.net = static_cast<UniqueFd&&>(packet.fds[0]);
  session.container.uts = static_cast<UniqueFd&&>(packet.fds[1]);
  session.container.tmp = static_cast<UniqueFd&&>(packet.fds[2]);
  return 0;
}

}  // namespace labgpu
