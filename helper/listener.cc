// Accepting connections.
#include "helper/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <chrono>
#include <utility>

#include "common/unix_address.h"
#include "helper/log.h"

namespace labgpu {

namespace {

using namespace std::chrono_literals;

// So that a crowd at one socket does not keep the loop from everything else.
constexpr int kAcceptAtOnce = 64;
constexpr auto kPause = 100ms;

// The kernel says how many there are when the buffer is too small (net/core/sock.c, SO_PEERGROUPS).
std::vector<gid_t> groups_of_peer(int connection, gid_t effective) {
  std::vector<gid_t> groups(32);
  for (int attempt = 0; attempt < 2; ++attempt) {
    auto size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    bool got = getsockopt(connection, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) == 0;
    bool too_small = !got && errno == ERANGE;
    groups.resize(got || too_small ? size / sizeof(gid_t) : 0);
    if (!too_small) break;
  }
  groups.push_back(effective);
  return groups;
}

}  // namespace

Result<UniqueFd> listen_at(const std::string& path, int type) {
  sockaddr_un address{};
  if (!set_unix_address(address, path)) {
    return fail(ErrorCode::kInvalid, path + " is too long for a socket's name");
  }

  struct stat status {};
  if (lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode)) unlink(path.c_str());
  UniqueFd listening(socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listening.valid() || bind(listening.get(), as_sockaddr(address), sizeof address) != 0 ||
      chmod(path.c_str(), 0666) != 0 || listen(listening.get(), SOMAXCONN) != 0) {
    return fail_errno("listen at " + path, errno);
  }
  return listening;
}

Listener::Listener(EventLoop& loop, UniqueFd socket, Accepted accepted)
    : loop_(loop), socket_(std::move(socket)), accepted_(std::move(accepted)) {
  fcntl(socket_.get(), F_SETFL, fcntl(socket_.get(), F_GETFL) | O_NONBLOCK);
  listen_on();
}

void Listener::listen_on() {
  readable_ = loop_.watch(socket_.get(), EPOLLIN, [this](uint32_t) { accept_some(); });
}

void Listener::accept_some() {
  for (int i = 0; i < kAcceptAtOnce; ++i) {
    UniqueFd connection(accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!connection.valid()) {
      if (errno == EAGAIN) return;
      if (errno == EINTR || errno == ECONNABORTED) continue;
      const int reason = errno;
      if (said_.enter("")) {
        log(LogLevel::kError, std::string("cannot accept connections now: ") + strerror(reason));
      }
      readable_.reset();
      pause_ = loop_.after(kPause, [this] { listen_on(); });
      return;
    }
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) continue;
    Peer peer{.uid = credentials.uid,
              .pid = credentials.pid,
              .groups = groups_of_peer(connection.get(), credentials.gid)};
    accepted_(std::move(connection), std::move(peer));
  }
}

}  // namespace labgpu
