// Runs the built labgpu-session as sshd does: as the user, with pipes or with a terminal.
#pragma once

#include <sys/types.h>
#include <termios.h>

#include <optional>
#include <string>
#include <vector>

#include "common/unique_fd.h"

namespace labgpu::login_test {

// The arguments with which sshd's NSS shell is called for `command`; none is a login shell.
std::vector<std::string> arguments_for(const std::optional<std::string>& command);

// Its environment: what tests want to see passed on, and not.
inline const std::vector<std::string> kLoginEnvironment = {"PATH=/host/bin",
                                                           "LD_LIBRARY_PATH=/host/lib",
                                                           "LANG=C.UTF-8",
                                                           "TERM=xterm",
                                                           "USER=wrong",
                                                           "SSH_TTY=/dev/pts/999",
                                                           "XDG_RUNTIME_DIR=/run/user/1"};

struct Finished {
  int status = -1;  // as waitpid(2) gives it
  std::string out;
  std::string err;
};

// A session without a terminal; ends are open until closed or taken.
class PipeSession {
 public:
  explicit PipeSession(const std::vector<std::string>& arguments,
                       const std::vector<std::string>& environment = kLoginEnvironment);
  ~PipeSession();
  UniqueFd in;
  UniqueFd out;
  UniqueFd err;
  [[nodiscard]] pid_t pid() const { return pid_; }
  // Feeds `input`, closes stdin, reads both outputs to their ends, and waits.
  Finished finish(const std::string& input = "");
  // What is left to read of a session that was waited for; its status is not filled in.
  Finished finish_reading();
  // Fails the test and kills the session after `seconds`.
  int wait(int seconds = 20);

 private:
  pid_t pid_ = 0;
};

// The whole of a command's life.
Finished run(const std::string& command, const std::string& input = "");

// A session at a terminal of 24 by 80, of which this is sshd's side.
class TerminalSession {
 public:
  // `modes` null: the kernel's.
  explicit TerminalSession(const std::optional<std::string>& command,
                           const termios* modes = nullptr,
                           const std::vector<std::string>& environment = kLoginEnvironment);
  ~TerminalSession();
  void type(const std::string& text);
  // Reads until everything read so far has `text`; false after 10 seconds or at the end.
  bool expect(const std::string& text);
  // Reads to the end.
  void read_to_end();
  // The same without keeping what is read.
  size_t count_to_end();
  [[nodiscard]] const std::string& seen() const { return seen_; }
  void resize(unsigned short rows, unsigned short columns);
  // As sshd does when its client is gone.
  void hang_up() { master.reset(); }
  int wait(int seconds = 20);
  // Are the terminal's modes what they were before the session?
  [[nodiscard]] bool modes_are_as_before() const;
  [[nodiscard]] pid_t pid() const { return pid_; }
  UniqueFd master;

 private:
  bool read_some(int timeout_ms);
  pid_t pid_ = 0;
  termios modes_{};
  std::string seen_;
};

}  // namespace labgpu::login_test
