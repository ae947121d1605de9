// Forks the user child and carries its report over a pipe.
#include "tests/module/pam/user_child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <sstream>
#include <stdexcept>

#include "tests/module/pam/fake_helper.h"

namespace labgpu::test {

namespace {

namespace fs = std::filesystem;

std::string names_in(const char* directory) {
  std::error_code error;
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    names.insert(entry.path().filename());
  }
  if (error) return "(" + error.message() + ")";
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : " ") + name;
  return all;
}

std::string count_sockets() {
  int count = 0;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    std::string target = fs::read_symlink(entry.path(), error);
    if (target.starts_with("socket:")) ++count;
  }
  return std::to_string(count);
}

std::string interfaces() {
  std::istringstream lines(read_file("/proc/self/net/dev"));
  std::string all;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name;
    words >> name;
    if (name.ends_with(':')) all += name;
  }
  return all;
}

// View and result as NAME NUL VALUE NUL ….
std::string pack(const View& view) {
  std::string packed;
  for (const auto& [name, value] : view) packed += name + '\0' + value + '\0';
  return packed;
}

View unpack(const std::string& packed) {
  View view;
  std::istringstream stream(packed);
  for (std::string name, value;
       std::getline(stream, name, '\0') && std::getline(stream, value, '\0');) {
    view[name] = value;
  }
  return view;
}

}  // namespace

View look_around(const PamLogin& login) {
  View view;
  for (const char* name : {"net", "uts", "mnt"}) {
    view[name] = fs::read_symlink(std::string("/proc/self/ns/") + name);
  }
  char host_name[256] = {};
  gethostname(host_name, sizeof host_name - 1);
  view["hostname"] = host_name;
  view["interfaces"] = interfaces();
  view["sockets"] = count_sockets();
  view["descriptors"] = std::to_string(open_descriptors());
  view["mounts"] = read_file("/proc/self/mounts");
  for (const std::string& entry : login.environment()) view["environment"] += entry + " ";
  for (const char* directory : kLookedAt) view[directory] = names_in(directory);
  for (const char* file : {"/etc/hosts", "/etc/resolv.conf"}) view[file] = read_file(file);
  return view;
}

UserChild::UserChild(PamLogin& login, int flags) {
  int report[2];
  int go[2];
  if (pipe2(report, O_CLOEXEC) != 0 || pipe2(go, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  process_ = quiet_fork();
  if (process_ == 0) {
    close(report[0]);
    close(go[1]);
    run(login, flags, report[1], go[0]);
  }
  close(report[1]);
  close(go[0]);
  go_.reset(go[1]);
  std::string packed;
  char buffer[4096];
  for (ssize_t size; (size = read(report[0], buffer, sizeof buffer)) > 0;) {
    packed.append(buffer, static_cast<size_t>(size));
  }
  close(report[0]);
  if (packed.empty()) return;
  view_ = unpack(packed);
  result_ = std::stoi(view_.at("result"));
}

void UserChild::run(PamLogin& login, int flags, int report, int go) {
  int result = login.setcred(flags);
  View view = look_around(login);
  view["result"] = std::to_string(result);
  std::string packed = pack(view);
  if (write(report, packed.data(), packed.size()) != static_cast<ssize_t>(packed.size())) _exit(1);
  close(report);
  char byte = 0;
  _exit(read(go, &byte, 1) == 0 ? 0 : 1);
}

int UserChild::wait() {
  go_.reset();
  int status = 0;
  waitpid(process_, &status, 0);
  process_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

UserChild::~UserChild() {
  if (process_ > 0) wait();
}

}  // namespace labgpu::test
