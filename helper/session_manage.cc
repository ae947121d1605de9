// Manage: the session command's way to the administration, as the owner of its account.
#include <errno.h>
#include <sys/socket.h>

#include <utility>

#include "helper/session_connection.h"

namespace labgpu {

namespace {

// The one place where such a peer is made: the kernel's word for who asked, and nothing of what the
// groups of theirs, or the number 0, would open at the administration's own socket.
Peer as_owner(const Peer& asking) {
  return {.uid = asking.uid, .pid = asking.pid, .groups = {}, .only_owner = true};
}

}  // namespace

// The container has no part in it: this is for when there is none.
SessionServer::Next SessionServer::manage(Connection& connection, Packet& packet) {
  Manage request;
  if (parse_packet(packet, request) != 0) return Next::kClose;
  auto account = accounts_.find(connection.peer.uid);
  if (auto refusal = refuse_command(*account, connection.peer.pid)) {
    return refuse(connection, failure(FailureCode::kNotAllowed, *refusal));
  }
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return refuse(connection, fail_errno("connect " + account->name + " to labgpu", errno).value());
  }
  UniqueFd served(ends[0]);
  UniqueFd handed_over(ends[1]);
  if (!serve_owner_(std::move(served), as_owner(connection.peer))) {
    return refuse(connection, failure(FailureCode::kUnavailable, kTooManyConnections));
  }
  int fds[] = {handed_over.get()};
  reply(connection, Managed{}, fds);
  return Next::kClose;
}

}  // namespace labgpu
