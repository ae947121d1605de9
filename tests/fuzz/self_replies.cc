// Fuzzes the helper's replies as a user's own commands read them: whatever comes, the command ends
// with a status of its own, and what it prints drives no terminal.
//
// An input is a byte, which command it is, and the replies, with a NUL byte between two of them.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/self/self.h"
#include "tests/fuzz/target.h"

namespace labgpu::test {
namespace {

using Words = std::vector<const char*>;

// Those that neither ask at a terminal nor go on for ever. Passwords are read from a terminal.
const Words kCommands[] = {
    {"labgpu", "status"},
    {"labgpu", "start"},
    {"labgpu", "stop", "--yes"},
    {"labgpu", "restart", "--yes"},
    {"labgpu", "rebuild", "--yes"},
    {"labgpu", "build"},
    {"labgpu", "snapshot"},
    {"labgpu", "snapshots"},
    {"labgpu", "export", "x"},
    {"labgpu", "restore", "x", "--yes"},
    {"labgpu", "sessions"},
    {"labgpu", "kill", "--yes"},
    {"labgpu", "log"},
    {"labgpu", "gpu"},
    {"labgpu", "ports"},
    {"labgpu", "keys"},
    {"labgpu", "status", "--json"},
    {"labgpu", "gpu", "--json"},
};

// Takes the place of a stream's buffer.
class Captured {
 public:
  explicit Captured(std::ostream& stream) : stream_(stream), before_(stream.rdbuf(text_.rdbuf())) {}
  ~Captured() { stream_.rdbuf(before_); }
  Captured(const Captured&) = delete;
  Captured& operator=(const Captured&) = delete;
  [[nodiscard]] std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::ostream& stream_;
  std::streambuf* before_;
};

// A packet for each, so that one reply is there after the other as when the helper answers.
void answer(const UniqueFd& helper, std::string_view replies) {
  while (!replies.empty()) {
    auto one = std::string(replies.substr(0, replies.find('\0')));
    replies.remove_prefix(std::min(one.size() + 1, replies.size()));
    one.push_back('\0');
    [[maybe_unused]] ssize_t sent =
        send(helper.get(), one.data(), one.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  shutdown(helper.get(), SHUT_WR);
}

bool drives_no_terminal(const std::string& text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f;
  });
}

}  // namespace
}  // namespace labgpu::test

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace labgpu;
  using namespace labgpu::test;
  if (size == 0) return 0;
  static const bool quiet = [] {
    UniqueFd nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
    return dup2(nothing.get(), STDIN_FILENO) == STDIN_FILENO;
  }();
  promise(quiet, "nothing is typed");
  const Words& words = kCommands[data[0] % std::size(kCommands)];
  int ends[2];
  promise(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0, "a socket");
  UniqueFd helper(ends[0]);
  UniqueFd connection(ends[1]);
  answer(helper, {reinterpret_cast<const char*>(data + 1), size - 1});
  Captured out(std::cout);
  Captured err(std::cerr);
  int status = run_self(static_cast<int>(words.size()), words.data(), std::move(connection));
  promise(status >= 0 && status < 128, "a command has a status");
  promise(status == 0 || !err.text().empty(), "a failure says why");
  promise(drives_no_terminal(out.text()), "the output drives no terminal");
  promise(drives_no_terminal(err.text()), "an error drives no terminal");
  return 0;
}
