// Reads cgroup.procs and /proc.
#include "helper/container_processes.h"

#include <sys/stat.h>

#include <filesystem>
#include <string_view>
#include <system_error>

#include "common/parse.h"
#include "helper/read_file.h"
#include "helper/text_list.h"

namespace labgpu {

namespace {

namespace fs = std::filesystem;

std::string in_proc(pid_t process, const char* file) {
  return "/proc/" + std::to_string(process) + "/" + file;
}

bool has_controller(std::string_view controllers, std::string_view wanted) {
  for (auto controller : split(controllers, ',')) {
    if (controller == wanted) return true;
  }
  return false;
}

// From "NUMBER:CONTROLLERS:PATH" lines (cgroups(7), /proc/PID/cgroup). With version 1, Docker has
// the container's own cgroup in every hierarchy, and needs the one of `pids`; version 2 has no
// controllers in its one line. On a host that mounts both, the container is in version 1's.
Result<std::string> cgroup_directory(const RunningContainer& container,
                                     const std::string& cgroups) {
  auto text = read_file(in_proc(container.init_pid, "cgroup"));
  if (!text) return Failed(text.error());
  std::string unified;
  for (auto line : split(*text, '\n')) {
    auto parts = split(line, ':');
    if (parts.size() != 3 || parts[2].find(container.id) == std::string_view::npos) continue;
    auto path = std::string(parts[2]);
    if (parts[1].empty()) unified = cgroups + path;
    if (has_controller(parts[1], "pids")) return cgroups + "/" + std::string(parts[1]) + path;
  }
  if (!unified.empty()) return unified;
  return fail(ErrorCode::kNotFound, "the container " + container.name + " has no cgroup");
}

bool has_other_process(const std::string& directory, pid_t init) {
  auto text = read_file(directory + "/cgroup.procs");
  if (!text) return true;  // gone, or a threaded one, which always has a process
  for (auto line : split(*text, '\n')) {
    if (!line.empty() && line != std::to_string(init)) return true;
  }
  return false;
}

}  // namespace

Result<bool> runs_something(const RunningContainer& container, const std::string& cgroups) {
  auto directory = cgroup_directory(container, cgroups);
  if (!directory) return Failed(directory.error());
  if (has_other_process(*directory, container.init_pid)) return true;
  std::error_code error;
  fs::recursive_directory_iterator below(*directory, error);
  for (; !error && below != fs::recursive_directory_iterator(); below.increment(error)) {
    if (below->is_directory(error) && has_other_process(below->path(), container.init_pid)) {
      return true;
    }
  }
  if (error) return fail_errno("look into " + *directory, error.value());
  return false;
}

bool network_is_shared(const RunningContainer& container) {
  struct stat network {};
  if (fstat(container.net_namespace.get(), &network) != 0) return true;
  std::error_code error;
  fs::directory_iterator processes("/proc", error);
  for (; !error && processes != fs::directory_iterator(); processes.increment(error)) {
    uint32_t pid = 0;
    if (!parse_u32(processes->path().filename().string(), pid)) continue;
    if (static_cast<pid_t>(pid) == container.init_pid) continue;
    struct stat theirs {};
    if (stat((processes->path() / "ns/net").c_str(), &theirs) != 0) continue;  // it has ended
    if (theirs.st_dev == network.st_dev && theirs.st_ino == network.st_ino) return true;
  }
  return static_cast<bool>(error);
}

}  // namespace labgpu
