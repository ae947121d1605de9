// What an administrator hands to labgpu beside arguments: public keys, a password, a yes.
#include "cli/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <iostream>
#include <sstream>

#include "cli/subprocess.h"
#include "common/unique_fd.h"

namespace labgpu {

namespace {

constexpr size_t kMaxInput = size_t{1} * 1024 * 1024;
constexpr size_t kMaxText = size_t{4} * 1024 * 1024;
// PAM gives modules no longer answer (PAM_MAX_RESP_SIZE), so a longer password could never be used.
constexpr size_t kMaxPassword = 511;

Result<std::string> read_all(int fd, const std::string& source, size_t longest) {
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    ssize_t count = read(fd, buffer.data(), buffer.size());
    if (count == 0) return text;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno("cannot read " + source, errno);
    text.append(buffer.data(), static_cast<size_t>(count));
    if (text.size() > longest) {
      return fail(source + " is too long: " + std::to_string(longest >> 20) + " MiB are taken");
    }
  }
}

// False when `interrupt` (a descriptor, or -1) became readable first.
bool wait_for_input(int fd, int interrupt) {
  std::array<pollfd, 2> entries{{{fd, POLLIN, 0}, {interrupt, POLLIN, 0}}};
  while (poll(entries.data(), entries.size(), -1) < 0 && errno == EINTR) continue;
  return entries[1].revents == 0;
}

// Without its newline. A byte at a time, so that what follows is left to whoever reads next.
Result<std::string> read_line(int fd, int interrupt = -1) {
  std::string line;
  for (;;) {
    if (!wait_for_input(fd, interrupt)) return fail("interrupted", kExitInterrupted);
    char byte = 0;
    ssize_t count = read(fd, &byte, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno("cannot read the standard input", errno);
    if (count == 0 || byte == '\n' || line.size() > kMaxInput) break;
    line.push_back(byte);
  }
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return line;
}

std::string name_of_source(const std::string& path) {
  return path == "-" ? "the standard input" : path;
}

Result<std::string> read_source(const std::string& path, const std::string& what, size_t longest) {
  auto source = name_of_source(path);
  UniqueFd fd(path == "-" ? dup(STDIN_FILENO) : open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return fail_errno("cannot read " + what + " " + source, errno);
  return read_all(fd.get(), source, longest);
}

bool is_private_key(const std::string& text) {
  // PEM (RFC 7468) and OpenSSH's own form, and PuTTY's.
  return (text.find("-----BEGIN ") != std::string::npos &&
          text.find("PRIVATE KEY-----") != std::string::npos) ||
         text.find("PuTTY-User-Key-File-") != std::string::npos;
}

// While it lives, the terminal shows nothing that is typed but the newline.
class NoEcho {
 public:
  explicit NoEcho(int fd) : fd_(fd), active_(tcgetattr(fd, &before_) == 0) {
    if (!active_) return;
    termios quiet = before_;
    quiet.c_lflag = (quiet.c_lflag & ~static_cast<tcflag_t>(ECHO)) | ECHONL;
    tcsetattr(fd_, TCSAFLUSH, &quiet);
  }
  ~NoEcho() {
    if (active_) tcsetattr(fd_, TCSAFLUSH, &before_);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

 private:
  int fd_;
  termios before_{};
  bool active_;
};

// A line of the standard input that can be a password.
Result<std::string> take_password(const HeldSignals& signals) {
  auto password = read_line(STDIN_FILENO, signals.fd());
  if (!password) return password;
  if (password->empty())
    return fail("the standard input ends, or has an empty line, where a password should be");
  if (password->size() > kMaxPassword) {
    return fail("the password is longer than " + std::to_string(kMaxPassword) +
                " bytes, which PAM does not take");
  }
  return password;
}

Result<std::string> ask_twice(const std::string& user, const HeldSignals& signals) {
  std::cerr << "New password for " << user << ": " << std::flush;
  auto password = take_password(signals);
  if (!password) return password;
  std::cerr << "The same again: " << std::flush;
  auto again = take_password(signals);
  if (!again) return again;
  if (*password != *again) return fail("the two passwords differ; nothing was changed");
  return password;
}

Result<void> require_terminal(const std::string& otherwise) {
  if (isatty(STDIN_FILENO) != 0) return {};
  return fail("there is no terminal to ask at; say " + otherwise, kExitUsage);
}

}  // namespace

Result<std::vector<KeyLine>> parse_keys(const std::string& text, const std::string& source) {
  if (is_private_key(text)) {
    return fail(source +
                " is a private key, which must never leave its owner's machine; give the " +
                "public key (its name mostly ends in .pub)");
  }
  std::vector<KeyLine> keys;
  std::istringstream lines(text);
  size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    size_t first = line.find_first_not_of(" \t\r");
    if (first == std::string::npos || line[first] == '#') continue;
    keys.push_back({line.substr(first, line.find_last_not_of(" \t\r") - first + 1),
                    source + " line " + std::to_string(number)});
  }
  if (keys.empty()) return fail(source + " has no public key");
  return keys;
}

Result<std::vector<KeyLine>> read_keys(const std::string& path) {
  auto text = read_source(path, "the public key", kMaxInput);
  if (!text) return Failed(text.error());
  return parse_keys(*text, name_of_source(path));
}

Result<std::string> read_text(const std::string& path, const std::string& what) {
  return read_source(path, what, kMaxText);
}

Result<std::string> read_password(const std::string& user) {
  bool terminal = isatty(STDIN_FILENO) != 0;
  if (terminal) std::cerr << "Password for " << user << ": " << std::flush;
  HeldSignals signals;  // Ctrl-C must not leave a terminal that shows nothing
  NoEcho no_echo(STDIN_FILENO);
  return take_password(signals);
}

Result<std::string> ask_for_new_password(const std::string& user) {
  if (auto there = require_terminal("--stdin to give the password there"); !there) {
    return Failed(there.error());
  }
  HeldSignals signals;
  NoEcho no_echo(STDIN_FILENO);
  return ask_twice(user, signals);
}

Result<OwnPasswords> ask_for_own_passwords(const std::string& user) {
  if (auto there = require_terminal("--password-stdin to give both passwords there"); !there) {
    return Failed(there.error());
  }
  HeldSignals signals;
  NoEcho no_echo(STDIN_FILENO);
  std::cerr << "Current password of " << user << ": " << std::flush;
  auto old_one = take_password(signals);
  if (!old_one) return Failed(old_one.error());
  auto new_one = ask_twice(user, signals);
  if (!new_one) return Failed(new_one.error());
  return OwnPasswords{*old_one, *new_one};
}

Result<OwnPasswords> read_own_passwords() {
  HeldSignals signals;
  auto old_one = take_password(signals);
  if (!old_one) return Failed(old_one.error());
  auto new_one = take_password(signals);
  if (!new_one) return Failed(new_one.error());
  return OwnPasswords{*old_one, *new_one};
}

Result<bool> confirm(const std::string& question) {
  if (auto there = require_terminal("--yes if it shall be done"); !there) {
    return Failed(there.error());
  }
  std::cerr << question << " [y/N] " << std::flush;
  auto answer = read_line(STDIN_FILENO);
  if (!answer) return Failed(answer.error());
  return *answer == "y" || *answer == "Y" || *answer == "yes";
}

Result<void> agree(bool yes, const std::string& question, const std::string& refused) {
  if (yes) return {};
  auto agreed = confirm(question);
  if (!agreed) return Failed(agreed.error());
  if (!*agreed) return fail(refused);
  return {};
}

}  // namespace labgpu
