// One blocking transfer from Docker into a descriptor.
#include "helper/image_export.h"

#include <errno.h>
#include <poll.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <string_view>

#include "common/unique_fd.h"
#include "common/unix_address.h"
#include "helper/docker_json.h"
#include "helper/http_message.h"

namespace labgpu {

namespace {

constexpr time_t kConnectSeconds = 5;
constexpr int kOk = 200;
constexpr int kLookMs = 1000;  // at the pace, and at whether to stop
using Clock = std::chrono::steady_clock;

struct Transfer {
  int fd;
  ExportWork& work;
  ExportLimits limits;
  std::string refusal = {};  // the beginning of a reply that is no image
  uint64_t written = 0;
  uint64_t looked_at = 0;  // of these, when the pause began
  Clock::time_point since = Clock::now();
};

Result<void> write_all(Transfer& transfer, std::string_view data) {
  while (!data.empty()) {
    ssize_t count = write(transfer.fd, data.data(), data.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno("write it", errno);
    data.remove_prefix(static_cast<size_t>(count));
    transfer.work.bytes += static_cast<uint64_t>(count);
    transfer.written += static_cast<uint64_t>(count);
  }
  return {};
}

Result<void> take_body(Transfer& transfer, int status, std::string_view piece) {
  constexpr size_t kLongestRefusal = 4096;
  if (status == kOk) return write_all(transfer, piece);
  transfer.refusal.append(piece.substr(0, kLongestRefusal - transfer.refusal.size()));
  return {};
}

// An average in bytes per second would not do: one a second would pass it for ever.
Result<void> look_at_pace(Transfer& transfer) {
  uint64_t least = transfer.looked_at == 0 ? 1 : transfer.limits.least;
  auto patience = transfer.looked_at == 0 ? transfer.limits.first : transfer.limits.pause;
  if (transfer.written - transfer.looked_at >= least) {
    transfer.looked_at = transfer.written;
    transfer.since = Clock::now();
  } else if (Clock::now() - transfer.since > patience) {
    return fail(ErrorCode::kTimeout, "too little came for too long");
  }
  return {};
}

Result<UniqueFd> connect_to(const std::string& path) {
  sockaddr_un address{};
  UniqueFd connection(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  // connect(2) to a listener whose queue is full waits as long as this says (unix(7)), send(2) too.
  timeval limit{kConnectSeconds, 0};
  if (!connection.valid() || !set_unix_address(address, path) ||
      setsockopt(connection.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0 ||
      connect(connection.get(), as_sockaddr(address), sizeof address) != 0) {
    return unavailable_errno("connect", errno);
  }
  return connection;
}

Result<void> send_all(int connection, std::string_view text) {
  while (!text.empty()) {
    ssize_t count = send(connection, text.data(), text.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return unavailable_errno("the connection broke off", errno);
    text.remove_prefix(static_cast<size_t>(count));
  }
  return {};
}

// What there is of the reply, or nothing, after some time.
Result<void> receive(int connection, HttpResponseReader& reader) {
  std::array<char, 65536> piece;
  pollfd waiting{.fd = connection, .events = POLLIN, .revents = 0};
  if (poll(&waiting, 1, kLookMs) <= 0) return {};
  ssize_t count = recv(connection, piece.data(), piece.size(), 0);
  if (count < 0)
    return errno == EINTR ? Result<void>() : unavailable_errno("the connection broke off", errno);
  if (count == 0) return reader.take_end();
  return reader.take({piece.data(), static_cast<size_t>(count)});
}

}  // namespace

Result<void> save_image(const std::string& socket, const std::string& target, int fd,
                        ExportWork& work, ExportLimits limits) {
  Transfer transfer{.fd = fd, .work = work, .limits = limits};
  HttpResponseReader reader(
      [&](std::string_view piece) { return take_body(transfer, reader.status(), piece); });
  auto connection = connect_to(socket);
  if (!connection) return Failed(connection.error());
  Result<void> going = send_all(connection->get(), http_request_head("GET", target));
  while (going && !reader.is_done()) {
    going = receive(connection->get(), reader);
    if (going) going = look_at_pace(transfer);
    if (work.stop) return fail(ErrorCode::kUnavailable, "labgpud is being stopped");
  }
  if (!going || reader.status() == kOk) return going;
  return fail(ErrorCode::kUnavailable, docker_refusal(reader.status(), transfer.refusal));
}

}  // namespace labgpu
