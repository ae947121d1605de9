// Forks, changes user and network, connects, and passes the connection back.
#include "tests/support/peer_process.h"

#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

#include "common/packet_socket.h"

namespace labgpu::test {

namespace {

[[noreturn]] void connect_and_wait(const PeerProcess::Who& who, const std::string& path, int out) {
  if (who.own_network && !who.own_users && unshare(CLONE_NEWNET) != 0) _exit(1);
  if (setgroups(who.groups.size(), who.groups.data()) != 0) _exit(1);
  if (setresgid(who.uid, who.uid, who.uid) != 0 || setresuid(who.uid, who.uid, who.uid) != 0) {
    _exit(1);
  }
  if (who.own_users && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) _exit(1);
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // after the change of user, which resets it (prctl(2))
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, path.c_str(), path.size() + 1);
  UniqueFd fd(socket(AF_UNIX, who.type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) _exit(1);
  int fds[] = {fd.get()};
  if (send_raw(out, MessageType::kHello, {}, fds, Deadline::after_ms(5000)) != 0) _exit(1);
  fd.reset();
  for (;;) pause();
}

}  // namespace

PeerProcess::PeerProcess(Who who, const std::string& socket_path) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
    throw std::runtime_error("socketpair failed");
  }
  UniqueFd ours(pair[0]);
  UniqueFd theirs(pair[1]);
  pid_ = fork();
  if (pid_ == 0) connect_and_wait(who, socket_path, theirs.get());
  theirs.reset();
  unsigned char buffer[16];
  Packet packet;
  if (receive_raw(ours.get(), buffer, packet, Deadline::after_ms(10000)) != 0) {
    throw std::runtime_error("the peer process could not connect to " + socket_path);
  }
  connection = static_cast<UniqueFd&&>(packet.fds[0]);
}

PeerProcess::~PeerProcess() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

}  // namespace labgpu::test
