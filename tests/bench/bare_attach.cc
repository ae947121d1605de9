// Hands a command and its descriptors to another process, which forks it, and waits for its end:
// what a login costs at least whose command is not a child of sshd's. For work/login.py.
//
// usage: bare-attach serve      on the server, as one and the same user
//        bare-attach -c COMMAND that user's login shell
//
// No identity, no checks, no errors but failing; one command at a time. C headers alone: it stands
// on musl, as labgpu-session does.
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr char kAddress[] = "\0bare-attach";  // abstract: unix(7)
constexpr int kStdio = 3;

struct Packet {
  char command[1024] = {};
  alignas(cmsghdr) char control[CMSG_SPACE(kStdio * sizeof(int))] = {};
  iovec part{command, sizeof command};
  msghdr header{};
  Packet() {
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
  }
};

int open_socket(sockaddr_un& address) {
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, kAddress, sizeof kAddress);
  return socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
}

[[noreturn]] void become(const Packet& packet, const int* fds) {
  for (int fd = 0; fd < kStdio; ++fd) dup2(fds[fd], fd);
  setsid();
  execl("/bin/bash", "bash", "-c", packet.command, nullptr);
  _exit(127);
}

void start_one(int connection) {
  Packet packet;
  int fds[kStdio] = {};
  if (recvmsg(connection, &packet.header, MSG_CMSG_CLOEXEC) <= 0) return;
  memcpy(fds, CMSG_DATA(CMSG_FIRSTHDR(&packet.header)), sizeof fds);
  const pid_t child = fork();
  if (child == 0) become(packet, fds);
  for (int fd : fds) close(fd);
  int status = 0;
  waitpid(child, &status, 0);
  send(connection, &status, sizeof status, MSG_NOSIGNAL);
}

int serve() {
  sockaddr_un address{};
  const int listening = open_socket(address);
  if (bind(listening, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return 1;
  if (listen(listening, 16) != 0) return 1;
  for (;;) {
    const int connection = accept4(listening, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return 1;
    start_one(connection);
    close(connection);
  }
}

int hand_over(const char* command) {
  sockaddr_un address{};
  const int connection = open_socket(address);
  if (connect(connection, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return 1;
  Packet packet;
  strncpy(packet.command, command, sizeof packet.command - 1);
  const int fds[kStdio] = {0, 1, 2};
  cmsghdr* control = CMSG_FIRSTHDR(&packet.header);
  control->cmsg_level = SOL_SOCKET;
  control->cmsg_type = SCM_RIGHTS;
  control->cmsg_len = CMSG_LEN(sizeof fds);
  memcpy(CMSG_DATA(control), fds, sizeof fds);
  if (sendmsg(connection, &packet.header, 0) < 0) return 1;
  for (int fd : fds) close(fd);
  int status = 1;
  recv(connection, &status, sizeof status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && strcmp(argv[1], "serve") == 0) return serve();
  return argc == 3 ? hand_over(argv[2]) : 2;
}
