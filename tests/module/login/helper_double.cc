// Stands in for labgpud on the session socket.
#include "tests/module/login/helper_double.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "common/packet_socket.h"
#include "common/paths.h"

namespace labgpu::login_test {

namespace {

Deadline soon() { return Deadline::after_ms(5000); }

}  // namespace

HelperDouble::HelperDouble(Answer answer) : answer_(std::move(answer)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  strcpy(address.sun_path, kSessionSocket);
  listener_.reset(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  unlink(kSessionSocket);
  EXPECT_EQ(bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(listen(listener_.get(), 128), 0);
  EXPECT_EQ(chmod(kSessionSocket, 0666), 0);
  thread_ = std::thread([this] { serve(); });
}

HelperDouble::HelperDouble(const Container& container, Identity identity)
    : HelperDouble([&container, identity](int peer, const Attach&) {
        EXPECT_EQ(send_message(peer, Hello{}, soon()), 0);
        attach(peer, container.connect_as_helper(identity));
      }) {}

HelperDouble::~HelperDouble() {
  stopping_ = true;
  shutdown(listener_.get(), SHUT_RDWR);
  thread_.join();
  unlink(kSessionSocket);
}

void HelperDouble::attach(int peer, UniqueFd init) {
  int fd = init.get();
  EXPECT_EQ(send_message(peer, Attached{}, soon(), std::span<const int>(&fd, 1)), 0);
}

void HelperDouble::serve() {
  while (!stopping_) {
    UniqueFd peer(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (peer.valid()) serve_one(peer.get());
  }
}

void HelperDouble::serve_one(int peer) {
  unsigned char buffer[kSmallPacket];
  Packet packet;
  Failure failure;
  Hello hello;
  EXPECT_EQ(receive_message(peer, buffer, packet, hello, failure, soon()), 0);
  EXPECT_EQ(receive_raw(peer, buffer, packet, soon()), 0);
  if (packet.type == MessageType::kGreet) {
    Greet greet;
    EXPECT_EQ(parse_packet(packet, greet), 0);
    on_greet(peer, greet);
    return;
  }
  Attach attach;
  EXPECT_EQ(parse_packet(packet, attach), 0);
  answer_(peer, attach);
}

}  // namespace labgpu::login_test
