// Runs the built labgpu-session as sshd does.
#include "tests/module/login/session_process.h"

#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "tests/module/login/test_world.h"

namespace labgpu::login_test {

namespace {

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

// sshd's child: its own session, the user's ids, three descriptors, default signals.
pid_t spawn(std::vector<std::string> arguments, std::vector<std::string> environment,
            const int (&stdio)[3], bool terminal) {
  std::string program = session_program();
  std::vector<char*> argv = pointers(arguments);
  std::vector<char*> envp = pointers(environment);
  pid_t pid = fork();
  if (pid != 0) return pid;
  setsid();
  if (terminal) ioctl(stdio[0], TIOCSCTTY, 0);
  for (int fd = 0; fd < 3; ++fd) dup2(stdio[fd], fd);
  signal(SIGPIPE, SIG_DFL);
  if (setgroups(0, nullptr) == 0 && setgid(kUid) == 0 && setuid(kUid) == 0) {
    execve(program.c_str(), argv.data(), envp.data());
  }
  _exit(126);
}

int wait_for(pid_t& pid, int seconds) {
  int status = -1;
  bool ended = eventually([&] { return waitpid(pid, &status, WNOHANG) == pid; }, seconds);
  EXPECT_TRUE(ended) << "the session does not end";
  if (!ended) {
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
  }
  pid = 0;
  return status;
}

void end_process(pid_t pid) {
  if (pid <= 0) return;
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
}

// False at end of file.
bool read_into(int fd, std::string& text) {
  char buffer[65536];
  ssize_t size = read(fd, buffer, sizeof buffer);
  if (size > 0) text.append(buffer, static_cast<size_t>(size));
  return size > 0;
}

}  // namespace

std::vector<std::string> arguments_for(const std::optional<std::string>& command) {
  if (!command) return {"-labgpu-session"};
  return {"labgpu-session", "-c", *command};
}

PipeSession::PipeSession(const std::vector<std::string>& arguments,
                         const std::vector<std::string>& environment) {
  int in_ends[2], out_ends[2], err_ends[2];
  EXPECT_EQ(pipe2(in_ends, O_CLOEXEC) | pipe2(out_ends, O_CLOEXEC) | pipe2(err_ends, O_CLOEXEC), 0);
  UniqueFd child_in(in_ends[0]), child_out(out_ends[1]), child_err(err_ends[1]);
  in.reset(in_ends[1]);
  out.reset(out_ends[0]);
  err.reset(err_ends[0]);
  pid_ = spawn(arguments, environment, {child_in.get(), child_out.get(), child_err.get()}, false);
}

PipeSession::~PipeSession() { end_process(pid_); }

Finished PipeSession::finish_reading() {
  Finished result;
  while (read_into(out.get(), result.out)) {
  }
  while (read_into(err.get(), result.err)) {
  }
  return result;
}

int PipeSession::wait(int seconds) { return wait_for(pid_, seconds); }

Finished PipeSession::finish(const std::string& input) {
  Finished result;
  size_t sent = 0;
  fcntl(in.get(), F_SETFL, O_NONBLOCK);
  while (out.valid() || err.valid()) {
    if (in.valid() && sent == input.size()) in.reset();
    pollfd waited[] = {{.fd = in.get(), .events = POLLOUT, .revents = 0},
                       {.fd = out.get(), .events = POLLIN, .revents = 0},
                       {.fd = err.get(), .events = POLLIN, .revents = 0}};
    constexpr int kStuckMs = 30000;
    if (poll(waited, 3, kStuckMs) <= 0) {
      ADD_FAILURE() << "the session stands still";
      break;
    }
    if (waited[0].revents != 0) {
      ssize_t size = write(in.get(), input.data() + sent, input.size() - sent);
      if (size < 0) in.reset();
      if (size > 0) sent += static_cast<size_t>(size);
    }
    if (waited[1].revents != 0 && !read_into(out.get(), result.out)) out.reset();
    if (waited[2].revents != 0 && !read_into(err.get(), result.err)) err.reset();
  }
  result.status = wait();
  return result;
}

Finished run(const std::string& command, const std::string& input) {
  return PipeSession(arguments_for(command)).finish(input);
}

TerminalSession::TerminalSession(const std::optional<std::string>& command, const termios* modes,
                                 const std::vector<std::string>& environment) {
  int master_fd = -1;
  int slave_fd = -1;
  winsize size{.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
  EXPECT_EQ(openpty(&master_fd, &slave_fd, nullptr, modes, &size), 0);
  UniqueFd slave(slave_fd);
  master.reset(master_fd);
  fcntl(master.get(), F_SETFD, FD_CLOEXEC);
  fcntl(slave.get(), F_SETFD, FD_CLOEXEC);
  EXPECT_EQ(fchown(slave.get(), kUid, kUid), 0);
  EXPECT_EQ(tcgetattr(slave.get(), &modes_), 0);
  pid_ = spawn(arguments_for(command), environment, {slave.get(), slave.get(), slave.get()}, true);
}

TerminalSession::~TerminalSession() { end_process(pid_); }

int TerminalSession::wait(int seconds) { return wait_for(pid_, seconds); }

void TerminalSession::type(const std::string& text) {
  EXPECT_EQ(write(master.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

bool TerminalSession::read_some(int timeout_ms) {
  pollfd waited{.fd = master.get(), .events = POLLIN, .revents = 0};
  return poll(&waited, 1, timeout_ms) == 1 && read_into(master.get(), seen_);
}

bool TerminalSession::expect(const std::string& text) {
  constexpr int kPatienceMs = 10000;
  while (seen_.find(text) == std::string::npos) {
    if (!read_some(kPatienceMs)) {
      ADD_FAILURE() << "expected: " << text << "\nseen: " << seen_;
      return false;
    }
  }
  return true;
}

void TerminalSession::read_to_end() {
  constexpr int kPatienceMs = 20000;
  while (read_some(kPatienceMs)) {
  }
}

size_t TerminalSession::count_to_end() {
  constexpr int kPatienceMs = 20000;
  size_t total = 0;
  while (read_some(kPatienceMs)) {
    total += seen_.size();
    seen_.clear();
  }
  return total;
}

bool TerminalSession::modes_are_as_before() const {
  termios now{};
  return tcgetattr(master.get(), &now) == 0 && now.c_iflag == modes_.c_iflag &&
         now.c_oflag == modes_.c_oflag && now.c_cflag == modes_.c_cflag &&
         now.c_lflag == modes_.c_lflag && memcmp(now.c_cc, modes_.c_cc, sizeof now.c_cc) == 0;
}

void TerminalSession::resize(unsigned short rows, unsigned short columns) {
  winsize size{.ws_row = rows, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
  EXPECT_EQ(ioctl(master.get(), TIOCSWINSZ, &size), 0);
}

}  // namespace labgpu::login_test
