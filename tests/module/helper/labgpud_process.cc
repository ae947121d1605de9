// Starting, signalling and asking labgpud.
#include "tests/module/helper/labgpud_process.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <thread>

namespace labgpu::test {

namespace {

constexpr auto kPatience = std::chrono::seconds(30);

template <typename Condition>
bool comes_true(Condition condition) {
  auto end = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < end) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

// A log of an earlier labgpud would look like this one's.
const std::string& without_old_lines(const std::string& log) {
  std::filesystem::remove(log);
  return log;
}

[[noreturn]] void run_labgpud(std::vector<std::string>& arguments, const std::string& log,
                              const std::vector<int>& fds,
                              const std::vector<std::string>& environment) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  dup2(out, STDOUT_FILENO);
  dup2(out, STDERR_FILENO);
  // Out of the way first: a source may have the number of another one's target.
  std::vector<int> away;
  for (int fd : fds) away.push_back(fcntl(fd, F_DUPFD, 100));
  for (size_t i = 0; i < away.size(); ++i) dup2(away[i], 3 + static_cast<int>(i));
  close_range(3 + static_cast<unsigned>(fds.size()), ~0U, 0);
  for (const auto& variable : environment) putenv(strdup(variable.c_str()));
  if (!fds.empty()) setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
  std::vector<char*> argv;
  argv.push_back(const_cast<char*>(LABGPUD_PROGRAM));
  for (auto& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  execv(LABGPUD_PROGRAM, argv.data());
  _exit(127);
}

}  // namespace

ServerFiles::ServerFiles() {
  std::filesystem::permissions(directory.path(), std::filesystem::perms(0755));
  std::filesystem::create_directory(directory / "home");
  nlohmann::json settings = {{"home", directory / "home/{user}"},
                             {"docker", {{"socket", directory / "no-docker"}}}};
  write_file(config, settings.dump());
}

std::vector<std::string> ServerFiles::arguments() const {
  return {"--foreground",      "--debug",    "--config",         config,
          "--state-directory", state,        "--session-socket", session_socket,
          "--admin-socket",    admin_socket, "--userdb-socket",  userdb_socket};
}

LabgpudProcess::LabgpudProcess(std::vector<std::string> arguments, const std::string& log,
                               const std::vector<int>& fds,
                               const std::vector<std::string>& environment) {
  pid_ = fork();
  if (pid_ == 0) run_labgpud(arguments, log, fds, environment);
}

LabgpudProcess::~LabgpudProcess() {
  if (!runs()) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void LabgpudProcess::send_signal(int number) const {
  if (pid_ > 0) kill(pid_, number);  // -1 would be every process there is
}

void LabgpudProcess::allow_more_files(unsigned count) const {
  auto is_open = [this](rlim_t fd) {
    struct stat status {};
    auto link = "/proc/" + std::to_string(pid_) + "/fd/" + std::to_string(fd);
    return lstat(link.c_str(), &status) == 0;
  };
  rlimit limit{};
  if (prlimit(pid_, RLIMIT_NOFILE, nullptr, &limit) != 0) throw std::runtime_error("no limit");
  for (limit.rlim_cur = 0; is_open(limit.rlim_cur) || count > 0; ++limit.rlim_cur) {
    if (!is_open(limit.rlim_cur)) --count;
  }
  if (prlimit(pid_, RLIMIT_NOFILE, &limit, nullptr) != 0) throw std::runtime_error("same limit");
}

bool LabgpudProcess::runs() {
  int status = 0;
  if (pid_ > 0 && waitpid(pid_, &status, WNOHANG) == pid_) {
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
    pid_ = -1;
  }
  return pid_ > 0;
}

int LabgpudProcess::wait() {
  if (!comes_true([this] { return !runs(); })) throw std::runtime_error("labgpud does not end");
  return status_;
}

RunningLabgpud::RunningLabgpud(const ServerFiles& files)
    : LabgpudProcess(files.arguments(), without_old_lines(files.log)) {
  bool ready = comes_true(
      [&] { return !runs() || read_file(files.log).find(" is ready") != std::string::npos; });
  if (!ready || !runs()) throw std::runtime_error("labgpud did not start: " + read_file(files.log));
}

UniqueFd connect_stream(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, path.c_str(), path.size() + 1);
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  timeval patience{.tv_sec = kPatience.count(), .tv_usec = 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("cannot connect to " + path);
  }
  return fd;
}

nlohmann::json receive_reply(int socket) {
  std::string text;
  for (char c = 0; recv(socket, &c, 1, 0) == 1;) {
    if (c == '\0') return nlohmann::json::parse(text);
    text.push_back(c);
  }
  return nullptr;
}

nlohmann::json varlink_call(const std::string& path, const std::string& method,
                            const nlohmann::json& parameters) {
  auto socket = connect_stream(path);
  nlohmann::json call = {{"method", method}, {"parameters", parameters}};
  auto text = call.dump() + std::string(1, '\0');
  if (send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL) < 0) return nullptr;
  return receive_reply(socket.get());
}

}  // namespace labgpu::test
