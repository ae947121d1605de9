// PAM's requests about passwords: is the old one right, and this is the new one.
//
// Whoever tries passwords here has come as far as a program of root's that speaks PAM for them,
// such as passwd(1), and is slowed down all the same.
#include <utility>

#include "helper/session_connection.h"

namespace labgpu {

SessionServer::Next SessionServer::check_password(Connection& connection, Packet& packet) {
  CheckPassword request;
  if (parse_packet(packet, request) != 0) return Next::kClose;
  auto copy = std::make_shared<const PasswordChanges::Request>(request.by_root == 1,
                                                               request.old_password, std::nullopt);
  start_work(connection, work_on_password(connection, std::string(request.user), std::move(copy)));
  return Next::kKeep;
}

SessionServer::Next SessionServer::change_password(Connection& connection, Packet& packet) {
  ChangePassword request;
  if (parse_packet(packet, request) != 0) return Next::kClose;
  auto copy = std::make_shared<const PasswordChanges::Request>(
      request.by_root == 1, request.old_password, std::string(request.new_password));
  start_work(connection, work_on_password(connection, std::string(request.user), std::move(copy)));
  return Next::kKeep;
}

Task<void> SessionServer::work_on_password(
    Connection& connection, std::string user,
    std::shared_ptr<const PasswordChanges::Request> request) {
  auto changing = passwords_.carry_out(std::move(user), std::move(request));
  auto done = co_await changing;
  if (done) {
    reply(connection, PasswordAccepted{});
  } else {
    refuse(connection, done.error());
  }
  close_later(connection);
}

}  // namespace labgpu
