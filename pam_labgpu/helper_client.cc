// Asks the helper, over its session socket.
#include "pam_labgpu/helper_client.h"

#include <string.h>

#include "common/paths.h"

namespace labgpu {

HelperClient::~HelperClient() { explicit_bzero(buffer_, sizeof buffer_); }

template <typename Request>
int HelperClient::send(const Request& request) {
  int error = connect_packet_socket(kSessionSocket, deadline_, socket_);
  if (error == 0) error = send_message(socket_.get(), Hello{}, buffer_, deadline_);
  if (error == 0) error = send_message(socket_.get(), request, buffer_, deadline_);
  return error;
}

template <typename Answer>
int HelperClient::receive(int connection, Packet& packet, Answer& answer) {
  Hello hello;
  int error = receive_message(connection, buffer_, packet, hello, failure_, deadline_);
  if (error != 0) return error;
  if (hello.version != kProtocolVersion) return EPROTO;
  return receive_message(connection, buffer_, packet, answer, failure_, deadline_);
}

template <typename Request, typename Answer>
int HelperClient::ask(const Request& request, Answer& answer) {
  Packet packet;
  int error = send(request);
  return error != 0 ? error : receive(socket_.get(), packet, answer);
}

int HelperClient::check_account(const CheckAccount& request, AccountVerdict& verdict) {
  return ask(request, verdict);
}

int HelperClient::check_password(const CheckPassword& request) {
  PasswordAccepted accepted;
  return ask(request, accepted);
}

int HelperClient::change_password(const ChangePassword& request) {
  PasswordAccepted accepted;
  return ask(request, accepted);
}

int HelperClient::begin_session(const OpenSession& request, OpenedSession& session) {
  int error = send(request);
  if (error == 0) session.connection = static_cast<UniqueFd&&>(socket_);
  return error;
}

int HelperClient::take_session(OpenedSession& session) {
  Packet packet;
  SessionOpened answer;
  int error = receive(session.connection.get(), packet, answer);
  if (error != 0) return error;
  session.number = answer.session;
  session.container.net = static_cast<UniqueFd&&>(packet.fds[0]);
  session.container.uts = static_cast<UniqueFd&&>(packet.fds[1]);
  session.container.tmp = static_cast<UniqueFd&&>(packet.fds[2]);
  return 0;
}

}  // namespace labgpu
