// Sending and receiving packets, with descriptors, over SOCK_SEQPACKET Unix sockets, by a deadline.
//
// The one place where a descriptor crosses a process. Every function returns an errno number, 0 for
// success, and never sets anything else; nothing throws or allocates. A packet is a u16 message
// type and the message's fields (common/wire.h).
//
// Errors a caller will meet: ETIMEDOUT the deadline passed; ECONNRESET the peer hung up; EPROTO the
// packet is not what was expected (type, fields, left-over bytes, count of descriptors); EMSGSIZE
// it is larger than the buffer; EREMOTEIO the peer answered Failure. After EPROTO or EMSGSIZE every
// descriptor that came with the packet has been closed.
#pragma once

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include <span>

#include "common/deadline.h"
#include "common/messages.h"
#include "common/unique_fd.h"
#include "common/wire.h"

namespace labgpu {

// A packet as it came: `fields` borrows from the receive buffer, the descriptors are owned and
// close-on-exec.
struct Packet {
  MessageType type{};
  Bytes fields;
  UniqueFd fds[kMaxFds];
  size_t fd_count = 0;
};

// A new connection to the SOCK_SEQPACKET socket at `path`: close-on-exec and non-blocking.
[[nodiscard]] int connect_packet_socket(const char* path, const Deadline& deadline, UniqueFd& out);

// Sends type and fields with borrowed `fds`. Never raises SIGPIPE.
[[nodiscard]] int send_raw(int socket, MessageType type, Bytes fields, std::span<const int> fds,
                           const Deadline& deadline);

// Receives one packet of any type into `buffer`. The type is not checked against the known ones.
// What the peer sent before it hung up is still received.
[[nodiscard]] int receive_raw(int socket, std::span<unsigned char> buffer, Packet& out,
                              const Deadline& deadline);

// Encodes into `buffer` and sends; `fds` must be as many as the message says.
template <typename Message>
[[nodiscard]] int send_message(int socket, const Message& message, std::span<unsigned char> buffer,
                               const Deadline& deadline, std::span<const int> fds = {}) {
  FieldWriter writer(buffer);
  Message::visit(message, writer);
  if (!writer.ok()) return EMSGSIZE;
  if (fds.size() != message.fd_count()) return EINVAL;
  return send_raw(socket, Message::kType, writer.written(), fds, deadline);
}

// The same for messages without variable-sized fields worth a buffer of the caller's.
template <typename Message>
[[nodiscard]] int send_message(int socket, const Message& message, const Deadline& deadline,
                               std::span<const int> fds = {}) {
  unsigned char buffer[kSmallPacket];
  return send_message(socket, message, buffer, deadline, fds);
}

// Decodes `packet`, which must be exactly a Message with exactly its descriptors. On failure the
// packet's descriptors are closed.
template <typename Message>
[[nodiscard]] int parse_packet(Packet& packet, Message& out) {
  FieldReader reader(packet.fields);
  if (packet.type == Message::kType && Message::visit(out, reader) && reader.finished() &&
      packet.fd_count == out.fd_count()) {
    return 0;
  }
  for (UniqueFd& fd : packet.fds) fd.reset();
  packet.fd_count = 0;
  return EPROTO;
}

// Receives exactly a Message; when the peer answers Failure instead, fills `failure` and returns
// EREMOTEIO. Texts in both borrow from `buffer`.
template <typename Message>
[[nodiscard]] int receive_message(int socket, std::span<unsigned char> buffer, Packet& packet,
                                  Message& out, Failure& failure, const Deadline& deadline) {
  int error = receive_raw(socket, buffer, packet, deadline);
  if (error != 0) return error;
  if (packet.type == MessageType::kFailure) {
    error = parse_packet(packet, failure);
    return error != 0 ? error : EREMOTEIO;
  }
  return parse_packet(packet, out);
}

}  // namespace labgpu
