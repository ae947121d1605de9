// Packets and descriptors over SOCK_SEQPACKET sockets.
#include "common/packet_socket.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "common/unix_address.h"

namespace labgpu {

namespace {

// Takes room for more descriptors than any message has, so that a surplus is seen and counted
// instead of being cut off silently (unix(7): what does not fit is closed and MSG_CTRUNC set).
constexpr size_t kControlFds = kMaxFds + 1;

// What POSIX says it is in musl (socklen_t), and size_t in glibc.
using ControlSize = decltype(msghdr::msg_controllen);

int wait_for(int socket, short events, const Deadline& deadline) {
  pollfd waited{.fd = socket, .events = events, .revents = 0};
  for (;;) {
    int ready = poll(&waited, 1, deadline.poll_timeout());
    if (ready > 0) return 0;
    if (ready == 0) return ETIMEDOUT;
    if (errno != EINTR) return errno;
  }
}

// musl's macro compares numbers with and without a sign.
cmsghdr* next_control(msghdr& header, cmsghdr* control) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-compare"
  return CMSG_NXTHDR(&header, control);
#pragma GCC diagnostic pop
}

// Takes every descriptor out of the control data into `packet`. False when they are not what a
// message may carry: more than kMaxFds, or control data other than SCM_RIGHTS.
bool take_fds(msghdr& header, Packet& packet) {
  bool acceptable = (header.msg_flags & MSG_CTRUNC) == 0;
  for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = next_control(header, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) {
      acceptable = false;
      continue;
    }
    size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd = -1;
      memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
      UniqueFd owned(fd);
      if (packet.fd_count == kMaxFds) {
        acceptable = false;
        continue;
      }
      packet.fds[packet.fd_count++] = static_cast<UniqueFd&&>(owned);
    }
  }
  return acceptable;
}

void close_fds(Packet& packet) {
  for (UniqueFd& fd : packet.fds) fd.reset();
  packet.fd_count = 0;
}

}  // namespace

int connect_packet_socket(const char* path, const Deadline& deadline, UniqueFd& out) {
  sockaddr_un address{};
  if (!set_unix_address(address, path)) return errno;

  UniqueFd socket_fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket_fd.valid()) return errno;
  // A non-blocking connect to a Unix socket either succeeds at once or fails; with EAGAIN the
  // listener's backlog is full (unix(7)), for which there is nothing to poll.
  while (connect(socket_fd.get(), as_sockaddr(address), sizeof address) != 0) {
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return errno;
    if (deadline.poll_timeout() == 0) return ETIMEDOUT;
    constexpr int kRetryMs = 5;
    poll(nullptr, 0, kRetryMs);
  }
  out = static_cast<UniqueFd&&>(socket_fd);
  return 0;
}

int send_raw(int socket, MessageType type, Bytes fields, std::span<const int> fds,
             const Deadline& deadline) {
  if (fds.size() > kMaxFds) return EINVAL;
  unsigned char type_bytes[2] = {static_cast<unsigned char>(static_cast<uint16_t>(type)),
                                 static_cast<unsigned char>(static_cast<uint16_t>(type) >> 8)};
  iovec parts[2] = {
      {.iov_base = type_bytes, .iov_len = sizeof type_bytes},
      {.iov_base = const_cast<unsigned char*>(fields.data()), .iov_len = fields.size()}};
  alignas(cmsghdr) unsigned char control[CMSG_SPACE(kMaxFds * sizeof(int))] = {};
  msghdr header{};
  header.msg_iov = parts;
  header.msg_iovlen = 2;
  if (!fds.empty()) {
    header.msg_control = control;
    header.msg_controllen = static_cast<ControlSize>(CMSG_SPACE(fds.size() * sizeof(int)));
    cmsghdr* c = CMSG_FIRSTHDR(&header);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = static_cast<ControlSize>(CMSG_LEN(fds.size() * sizeof(int)));
    memcpy(CMSG_DATA(c), fds.data(), fds.size() * sizeof(int));
  }
  for (;;) {
    if (sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return 0;
    if (errno == EINTR) continue;
    if (errno == EPIPE) return ECONNRESET;
    if (errno != EAGAIN) return errno;
    int error = wait_for(socket, POLLOUT, deadline);
    if (error != 0) return error;
  }
}

int receive_raw(int socket, std::span<unsigned char> buffer, Packet& out,
                const Deadline& deadline) {
  close_fds(out);
  unsigned char type_bytes[2] = {};
  iovec parts[2] = {{.iov_base = type_bytes, .iov_len = sizeof type_bytes},
                    {.iov_base = buffer.data(), .iov_len = buffer.size()}};
  alignas(cmsghdr) unsigned char control[CMSG_SPACE(kControlFds * sizeof(int))];
  msghdr header{};
  ssize_t size = 0;
  bool was_reset = false;
  for (;;) {
    header = {};
    header.msg_iov = parts;
    header.msg_iovlen = 2;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    size = recvmsg(socket, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (size >= 0) break;
    if (errno == EINTR) continue;
    // A peer that closes with packets of ours unread resets the connection, which is reported once
    // and before what it had sent (net/unix/af_unix.c, unix_release_sock; net/core/datagram.c).
    if (errno == ECONNRESET && !was_reset) {
      was_reset = true;
      continue;
    }
    if (errno != EAGAIN) return errno;
    int error = wait_for(socket, POLLIN, deadline);
    if (error != 0) return error;
  }
  bool fds_acceptable = take_fds(header, out);
  int error = 0;
  if (size == 0) {
    error = ECONNRESET;  // end of file: no packet is empty
  } else if ((header.msg_flags & MSG_TRUNC) != 0) {
    error = EMSGSIZE;
  } else if (!fds_acceptable || size < 2) {
    error = EPROTO;
  }
  if (error != 0) {
    close_fds(out);
    return error;
  }
  out.type = static_cast<MessageType>(type_bytes[0] | (type_bytes[1] << 8));
  out.fields = Bytes(buffer.data(), static_cast<size_t>(size) - 2);
  return 0;
}

}  // namespace labgpu
