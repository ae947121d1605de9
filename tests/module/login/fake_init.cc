// A container whose init was replaced: it says and sends whatever a test wants.
#include "tests/module/login/fake_init.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "common/packet_socket.h"

namespace labgpu::login_test {

namespace {

Deadline soon() { return Deadline::after_ms(5000); }

}  // namespace

FakeInit::FakeInit(std::function<void(int session)> script, Then then)
    : helper_([this, then, script = std::move(script)](int peer, const Attach&) {
        int ends[2];
        EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
        UniqueFd own(ends[0]);
        EXPECT_EQ(send_message(peer, Hello{}, soon()), 0);
        HelperDouble::attach(peer, UniqueFd(ends[1]));
        script(own.get());
        if (then == Then::kIsSilent) kept_.push_back(std::move(own));
      }) {}

void say_hello_and_take_start(int session) {
  std::vector<unsigned char> buffer(kMaxPacket);
  Packet packet;
  Failure failure;
  Start start;
  EXPECT_EQ(send_message(session, Hello{}, soon()), 0);
  EXPECT_EQ(receive_message(session, buffer, packet, start, failure, soon()), 0);
}

void say_started(int session) { EXPECT_EQ(send_message(session, Started{}, soon()), 0); }

void say_exited(int session, Exited exited) { EXPECT_EQ(send_message(session, exited, soon()), 0); }

bool send_packet(int session, const std::string& bytes, const std::vector<int>& fds) {
  iovec part{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  std::vector<unsigned char> control(CMSG_SPACE(fds.size() * sizeof(int)));
  if (!fds.empty()) {
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    cmsghdr* c = CMSG_FIRSTHDR(&header);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
    memcpy(CMSG_DATA(c), fds.data(), fds.size() * sizeof(int));
  }
  return sendmsg(session, &header, MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

void send_master(int session, int master) {
  EXPECT_TRUE(send_packet(session, std::string("\52\0\1", 3), {master}));
}

Pty::Pty() {
  int ends[2] = {-1, -1};
  EXPECT_EQ(openpty(&ends[0], &ends[1], nullptr, nullptr, nullptr), 0);
  for (int fd : ends) EXPECT_EQ(fcntl(fd, F_SETFD, FD_CLOEXEC), 0);
  master.reset(ends[0]);
  slave.reset(ends[1]);
}

}  // namespace labgpu::login_test
