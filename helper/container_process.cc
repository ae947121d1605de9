// Opens a container's init through /proc and checks that it is the one.
#include "helper/container_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string_view>
#include <utility>

namespace labgpu {

namespace {

Failed unusable(const std::string& what, int error) {
  return fail_errno("the container's process: " + what, error);
}

Failed refused(const std::string& why) {
  return fail(ErrorCode::kUnavailable, "the container's process " + why);
}

Result<std::string> read_proc_file(const UniqueFd& process, const char* name) {
  UniqueFd file(openat(process.get(), name, O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return unusable(name, errno);
  // Far longer than what is looked for; /proc/PID/status has a few kilobytes.
  std::string text(size_t{64} * 1024, '\0');
  size_t used = 0;
  while (used < text.size()) {
    ssize_t count = read(file.get(), text.data() + used, text.size() - used);
    if (count < 0) return unusable(name, errno);
    if (count == 0) break;
    used += static_cast<size_t>(count);
  }
  text.resize(used);
  return text;
}

// "NSpid:\t4711\t1\n": the process' numbers from this pid namespace down to its own (proc(5)).
bool is_first_of_its_namespace(std::string_view status) {
  constexpr std::string_view kField = "\nNSpid:";
  size_t begin = status.find(kField);
  if (begin == std::string_view::npos) return false;
  std::string_view line = status.substr(begin + kField.size());
  line = line.substr(0, line.find('\n'));
  return line.ends_with("\t1");
}

Result<UniqueFd> open_namespace(const UniqueFd& process, const char* name) {
  UniqueFd opened(openat(process.get(), name, O_RDONLY | O_CLOEXEC));
  if (!opened.valid()) return unusable(name, errno);
  struct stat theirs {};
  struct stat ours {};
  std::string own = std::string("/proc/self/") + name;
  if (fstat(opened.get(), &theirs) != 0 || stat(own.c_str(), &ours) != 0) {
    return unusable(name, errno);
  }
  if (theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino) {
    return refused(std::string("shares the host's ") + name +
                   "; remove the container and let labgpu make it");
  }
  return opened;
}

Result<void> check_identity(const UniqueFd& process, const std::string& id) {
  Result<std::string> cgroup = read_proc_file(process, "cgroup");
  if (!cgroup) return Failed(cgroup.error());
  if (cgroup->find(id) == std::string::npos) return refused("is not in its cgroup");
  Result<std::string> status = read_proc_file(process, "status");
  if (!status) return Failed(status.error());
  if (!is_first_of_its_namespace(*status)) return refused("is not the first in its pid namespace");
  return {};
}

}  // namespace

Result<ContainerProcess> open_container_process(pid_t pid, const std::string& id) {
  ContainerProcess opened;
  opened.pidfd.reset(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!opened.pidfd.valid()) return unusable("pidfd_open", errno);
  std::string path = "/proc/" + std::to_string(pid);
  UniqueFd process(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!process.valid()) return unusable(path, errno);

  Result<void> identity = check_identity(process, id);
  if (!identity) return Failed(identity.error());
  Result<UniqueFd> net = open_namespace(process, "ns/net");
  if (!net) return Failed(net.error());
  Result<UniqueFd> uts = open_namespace(process, "ns/uts");
  if (!uts) return Failed(uts.error());
  opened.net_namespace = std::move(*net);
  opened.uts_namespace = std::move(*uts);

  // Still alive now: so the number meant this process all the while.
  pollfd ended{.fd = opened.pidfd.get(), .events = POLLIN, .revents = 0};
  if (poll(&ended, 1, 0) != 0) return refused("has ended");
  return opened;
}

}  // namespace labgpu
