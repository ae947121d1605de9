// Connecting to init.sock of a container without trusting the directory it is in.
#include "helper/init_connection.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <chrono>
#include <string>
#include <utility>

#include "common/packet_socket.h"
#include "common/paths.h"
#include "common/unix_address.h"
#include "helper/readable.h"

namespace labgpu {

namespace {

using namespace std::chrono_literals;

constexpr auto kStep = 5ms;
constexpr int kSteps = 2000;  // ten seconds

enum class Attempt { kConnected, kNotYet, kWrong, kCannot };

// Nobody put something else there: the helper itself has not enough to look.
bool is_shortage(int error) {
  return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS;
}

// kNotYet: init does not listen yet. kWrong: somebody put something else there. kCannot: errno says
// what the helper is short of.
Attempt try_connect(const RunningContainer& container, UniqueFd& out) {
  UniqueFd name(
      openat(container.run_directory.get(), kInitSocketName, O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!name.valid()) {
    if (is_shortage(errno)) return Attempt::kCannot;
    return errno == ENOENT ? Attempt::kNotYet : Attempt::kWrong;
  }
  struct stat status {};
  if (fstat(name.get(), &status) != 0 || !S_ISSOCK(status.st_mode)) return Attempt::kWrong;

  UniqueFd connection(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!connection.valid()) return Attempt::kCannot;
  // Through /proc the kernel takes the file just looked at, whatever its name means by now.
  auto path = "/proc/self/fd/" + std::to_string(name.get());
  sockaddr_un address{};
  if (!set_unix_address(address, path) ||
      connect(connection.get(), as_sockaddr(address), sizeof address) != 0) {
    // ECONNREFUSED: left by an earlier init, or bound and not yet listening. EAGAIN: many at once.
    bool later = errno == ECONNREFUSED || errno == EAGAIN || errno == EINTR;
    return later ? Attempt::kNotYet : Attempt::kWrong;
  }
  // The process that called listen(2), as seen from here (unix(7), SO_PEERCRED).
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 ||
      peer.pid != container.init_pid) {
    return Attempt::kWrong;
  }
  out = std::move(connection);
  return Attempt::kConnected;
}

std::string restart_it(const std::string& user) {
  return "restart the container with `labgpu restart " + user +
         "`, or ask the administrator to; what runs in it ends, its files stay";
}

bool has_ended(const RunningContainer& container) {
  pollfd init{.fd = container.init_pidfd.get(), .events = POLLIN, .revents = 0};
  return poll(&init, 1, 0) > 0;
}

// The account at once: init looks it up while the session command prepares itself.
int send_first_words(const UniqueFd& connection, const Account& account, LoginAs login) {
  int error = send_message(connection.get(), Hello{}, Deadline::after_ms(0));
  if (error != 0) return error;
  Identity identity{.user = account.name,
                    .uid = account.uid,
                    .gid = account.gid,
                    .group = group_name_of(account),
                    .home = account.home,
                    .login_as_root = static_cast<uint8_t>(login == LoginAs::kRoot ? 1 : 0)};
  // The home alone may have PATH_MAX bytes.
  unsigned char buffer[2 * kSmallPacket];
  return send_message(connection.get(), identity, buffer, Deadline::after_ms(0));
}

}  // namespace

Task<Result<UniqueFd>> reach_init(EventLoop& loop,
                                  std::shared_ptr<const RunningContainer> container,
                                  std::string user) {
  UniqueFd connection;
  for (int step = 0; step < kSteps; ++step) {
    auto attempt = try_connect(*container, connection);
    if (attempt == Attempt::kConnected) co_return std::move(connection);
    if (attempt == Attempt::kWrong) {
      co_return fail(ErrorCode::kUnavailable, "in your container, something else is at " +
                                                  std::string(kGuestInitSocket) +
                                                  " than labgpu-init; " + restart_it(user));
    }
    if (attempt == Attempt::kCannot) {
      co_return fail_errno("your container cannot be reached now, log in again", errno);
    }
    if (has_ended(*container)) {
      co_return fail(ErrorCode::kUnavailable, "your container has just stopped; log in again");
    }
    co_await loop.sleep(kStep);
  }
  co_return fail(ErrorCode::kTimeout, silent_init(user));
}

std::string silent_init(const std::string& user) {
  return "your container runs, but its labgpu-init does not answer; " + restart_it(user);
}

Task<Result<UniqueFd>> connect_init(EventLoop& loop,
                                    std::shared_ptr<const RunningContainer> container,
                                    Account account, LoginAs login) {
  auto reaching = reach_init(loop, container, account.name);
  auto connection = co_await reaching;
  if (!connection) co_return Failed(connection.error());
  int error = send_first_words(*connection, account, login);
  // Why an init hangs up it has said before, to the session command.
  if (error == 0 || error == ECONNRESET) co_return std::move(*connection);
  co_return fail(ErrorCode::kTimeout, silent_init(account.name));
}

Task<bool> init_answers(EventLoop& loop, std::shared_ptr<const RunningContainer> container,
                        std::chrono::milliseconds patience) {
  UniqueFd connection;
  if (try_connect(*container, connection) != Attempt::kConnected) co_return false;
  if (send_message(connection.get(), Hello{}, Deadline::after_ms(0)) != 0) co_return false;
  auto waiting = wait_readable(loop, connection.get(), patience);
  bool readable = co_await waiting;
  if (!readable) co_return false;
  unsigned char buffer[kSmallPacket];
  Packet packet;
  Hello hello;
  Failure failure;
  co_return receive_message(connection.get(), buffer, packet, hello, failure,
                            Deadline::after_ms(0)) == 0;
}

}  // namespace labgpu
