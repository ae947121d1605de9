// Fuzzes what a container's init may send to the session command, over a real socket: packets, with
// descriptors, from before the start of a command to its end.
//
// An input is a byte, 1 for a session at a terminal, and packets: a byte of which the lower half is
// how many descriptors it has, and any of the upper half that they are a terminal's master side,
// two bytes of size, the bytes.
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "common/packet_socket.h"
#include "session/container.h"
#include "tests/fuzz/target.h"

namespace labgpu::test {
namespace {

constexpr size_t kMostFds = 15;

struct Sent {
  Bytes bytes;
  size_t fds;
  bool masters;
};

// False at the end of the input; the last packet may be shorter than it says.
bool next_packet(Bytes& input, Sent& out) {
  constexpr size_t kHeader = 3;
  if (input.size() < kHeader) return false;
  size_t size = static_cast<size_t>(input[1]) | static_cast<size_t>(input[2]) << 8;
  out.fds = input[0] & kMostFds;
  out.masters = input[0] > kMostFds;
  input = input.subspan(kHeader);
  out.bytes = input.first(std::min(size, input.size()));
  input = input.subspan(out.bytes.size());
  return true;
}

// What does not fit into the socket any more is left out.
void send(int socket, const Sent& packet, int master, int file) {
  iovec part{.iov_base = const_cast<unsigned char*>(packet.bytes.data()),
             .iov_len = packet.bytes.size()};
  alignas(cmsghdr) unsigned char control[CMSG_SPACE(kMostFds * sizeof(int))] = {};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (packet.fds != 0) {
    header.msg_control = control;
    header.msg_controllen = CMSG_SPACE(packet.fds * sizeof(int));
    cmsghdr* c = CMSG_FIRSTHDR(&header);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(packet.fds * sizeof(int));
    std::fill_n(reinterpret_cast<int*>(CMSG_DATA(c)), packet.fds, packet.masters ? master : file);
  }
  [[maybe_unused]] ssize_t sent = sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
}

// In the place of stderr, from its making to text().
class CapturedStderr {
 public:
  CapturedStderr() : file_(memfd_create("stderr", MFD_CLOEXEC)), before_(dup(STDERR_FILENO)) {
    dup2(file_.get(), STDERR_FILENO);
  }
  std::string text() {
    dup2(before_.get(), STDERR_FILENO);
    std::string text(static_cast<size_t>(lseek(file_.get(), 0, SEEK_END)), '\0');
    promise(pread(file_.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()),
            "what was written can be read");
    return text;
  }

 private:
  UniqueFd file_;
  UniqueFd before_;
};

int lowest_free_descriptor() {
  UniqueFd probe(fcntl(STDIN_FILENO, F_DUPFD, 0));
  return probe.get();
}

bool is_one_line(const std::string& text) {
  return text.starts_with("labgpu: ") && text.find('\n') == text.size() - 1 &&
         std::none_of(text.begin(), text.end() - 1,
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

void hear_of_the_end(int init) {
  Ending ending;
  if (take_ending(init, ending) != 0) return;
  promise(ending.value >= 0 && ending.value < 256, "an ending is one of a process");
}

// What a session command with that connection does.
void hear(int init, bool terminal) {
  static unsigned char buffer[kMaxPacket];
  Start start;
  start.terminal = terminal ? 1 : 0;
  UniqueFd master;
  CapturedStderr captured;
  int status = send_start(init, start, buffer);
  promise(status == 0, "a small Start goes out");
  status = take_started(init, terminal, buffer, master);
  const std::string told = captured.text();
  if (status == 0) {
    promise(told.empty(), "nothing is said about a command that runs");
    promise(master.valid() == terminal, "there is a master with a terminal");
    unsigned number = 0;
    promise(!terminal || ioctl(master.get(), TIOCGPTN, &number) == 0, "a master is one");
    hear_of_the_end(init);
  } else {
    promise(!master.valid(), "there is no master without a command");
    promise(status == kTryLater || status == kRefused || status == kContainerLost,
            "a failure has a status of its own");
    promise(is_one_line(told), "a failure is told in one line without control characters");
  }
}

}  // namespace
}  // namespace labgpu::test

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace labgpu;
  static const UniqueFd master(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  static const UniqueFd file(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (size == 0) return 0;
  int before = test::lowest_free_descriptor();
  {
    int ends[2];
    test::promise(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0, "a socket");
    UniqueFd init(ends[0]);
    UniqueFd session(ends[1]);
    Bytes input(data + 1, size - 1);
    for (test::Sent packet{}; test::next_packet(input, packet);) {
      test::send(init.get(), packet, master.get(), file.get());
    }
    // Nothing is waited for, and the session command's own packets still go out.
    shutdown(init.get(), SHUT_WR);
    test::hear(session.get(), data[0] == 1);
  }
  test::promise(test::lowest_free_descriptor() == before, "no descriptor is left");
  return 0;
}
