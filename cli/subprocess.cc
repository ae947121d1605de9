// Other programs: run with an argument list, never through a shell.
#include "cli/subprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cstdlib>
#include <sstream>

#include "common/deadline.h"

namespace labgpu {

namespace {

constexpr uint32_t kTermGraceMs = 20'000;
// tar's list of a root file system is the longest that is ever read; what is over is dropped.
constexpr size_t kMaxCapture = size_t{64} * 1024 * 1024;

sigset_t held_set() {
  sigset_t set;
  sigemptyset(&set);
  for (int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, number);
  return set;
}

constexpr size_t kMaxComplaint = 1000;

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("cannot make a pipe", errno);
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// posix_spawn's two objects, freed.
struct SpawnSettings {
  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
  SpawnSettings() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
};

Result<pid_t> spawn(const std::vector<std::string>& argv, int out, int err,
                    const HeldSignals& signals) {
  SpawnSettings settings;
  posix_spawn_file_actions_addopen(&settings.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&settings.actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&settings.actions, err, STDERR_FILENO);
  posix_spawnattr_setflags(&settings.attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  posix_spawnattr_setpgroup(&settings.attributes, 0);
  posix_spawnattr_setsigmask(&settings.attributes, &signals.mask_before());

  std::vector<char*> arguments;
  arguments.reserve(argv.size() + 1);
  // posix_spawn takes char* but changes nothing.
  for (const auto& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  pid_t pid = -1;
  int error = posix_spawnp(&pid, arguments[0], &settings.actions, &settings.attributes,
                           arguments.data(), environ);
  if (error != 0) return fail_errno("cannot run " + argv[0], error);
  return pid;
}

// The header of glibc 2.36's own pidfd_open() does not declare it for C++.
UniqueFd open_pidfd(pid_t pid) {
  return UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
}

// Takes what is there; false at the end of the stream.
bool drain(int fd, std::string& text) {
  std::array<char, 65536> buffer{};
  ssize_t count = read(fd, buffer.data(), buffer.size());
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  if (count == 0) return false;
  if (text.size() < kMaxCapture) text.append(buffer.data(), static_cast<size_t>(count));
  return true;
}

// The program's life from spawn to wait: what poll(2) watches and what came of it.
struct Running {
  pid_t pid;
  UniqueFd pidfd;
  UniqueFd out;  // none with Output::kProgress
  UniqueFd err;
  bool interrupted = false;
  Outcome outcome;
};

void take_signal(Running& running, int signal_fd, Deadline& kill_at) {
  signalfd_siginfo info{};
  if (read(signal_fd, &info, sizeof info) != sizeof info || running.interrupted) return;
  running.interrupted = true;
  kill_at = Deadline::after_ms(kTermGraceMs);
  kill(-running.pid, SIGTERM);
}

// Until the program has ended and its streams are at their ends.
void follow(Running& running, const HeldSignals& signals) {
  Deadline kill_at = Deadline::never();
  bool ended = false;
  while (!ended || running.out.valid() || running.err.valid()) {
    std::array<pollfd, 4> entries{{{signals.fd(), POLLIN, 0},
                                   {ended ? -1 : running.pidfd.get(), POLLIN, 0},
                                   {running.out.get(), POLLIN, 0},
                                   {running.err.get(), POLLIN, 0}}};
    int ready = poll(entries.data(), entries.size(), kill_at.poll_timeout());
    if (ready == 0) {
      kill(-running.pid, SIGKILL);
      kill_at = Deadline::never();
    }
    if (ready <= 0) continue;
    if (entries[0].revents != 0) take_signal(running, signals.fd(), kill_at);
    if (entries[1].revents != 0) ended = true;
    if (entries[2].revents != 0 && !drain(running.out.get(), running.outcome.out)) {
      running.out.reset();
    }
    if (entries[3].revents != 0 && !drain(running.err.get(), running.outcome.err)) {
      running.err.reset();
    }
  }
}

// What a program complained of, in one line: which of its lines matters only a reader can tell.
std::string one_line(const std::string& text) {
  std::string joined;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line) && joined.size() < kMaxComplaint;) {
    while (!line.empty() && isspace(static_cast<unsigned char>(line.back()))) line.pop_back();
    if (line.empty()) continue;
    if (!joined.empty()) joined += "; ";
    joined += line;
  }
  return joined;
}

}  // namespace

HeldSignals::HeldSignals() {
  sigset_t held = held_set();
  sigprocmask(SIG_BLOCK, &held, &before_);
  fd_.reset(signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK));
}

HeldSignals::~HeldSignals() { sigprocmask(SIG_SETMASK, &before_, nullptr); }

Result<Outcome> run_program(const std::vector<std::string>& argv, Output output,
                            const HeldSignals& signals) {
  Pipe out;
  Pipe err;
  if (output == Output::kCapture) {
    for (Pipe* pipe : {&out, &err}) {
      auto made = make_pipe();
      if (!made) return Failed(made.error());
      *pipe = std::move(*made);
    }
  }
  bool capture = output == Output::kCapture;
  auto pid = spawn(argv, capture ? out.write.get() : STDERR_FILENO,
                   capture ? err.write.get() : STDERR_FILENO, signals);
  if (!pid) return Failed(pid.error());
  out.write.reset();
  err.write.reset();

  Running running{*pid, open_pidfd(*pid), std::move(out.read), std::move(err.read), false, {}};
  follow(running, signals);
  int status = 0;
  waitpid(*pid, &status, 0);
  if (running.interrupted) return fail("interrupted", kExitInterrupted);
  running.outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return std::move(running.outcome);
}

Result<Outcome> run_checked(const std::string& context, const std::vector<std::string>& argv,
                            Output output, const HeldSignals& signals) {
  auto outcome = run_program(argv, output, signals);
  if (!outcome) return Failed(outcome.error());
  if (outcome->status == 0) return outcome;
  std::string why = one_line(outcome->err);
  if (why.empty()) why = argv[0] + " ended with status " + std::to_string(outcome->status);
  if (output == Output::kProgress) why += "; what it said stands above";
  return fail(context + ": " + why);
}

bool have_program(const std::string& name) {
  const char* path = getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');) {
    folder.append("/").append(name);
    if (access(folder.c_str(), X_OK) == 0) return true;
  }
  return false;
}

}  // namespace labgpu
