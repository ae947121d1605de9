// A temporary directory that goes away with everything in it, mounts included.
#include "cli/image/work_directory.h"

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <vector>

namespace labgpu {

namespace {

// Field 5 of proc(5)'s mountinfo, in the order of mounting. Ours have no character that is escaped
// there.
std::vector<std::string> mounts_below(const std::string& directory) {
  std::vector<std::string> points;
  std::ifstream file("/proc/self/mountinfo");
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    std::string id;
    std::string parent;
    std::string device;
    std::string root;
    std::string point;
    fields >> id >> parent >> device >> root >> point;
    if (point == directory || point.starts_with(directory + "/")) points.push_back(point);
  }
  return points;
}

}  // namespace

Result<void> unmount_below(const std::string& directory) {
  auto points = mounts_below(directory);
  for (auto point = points.rbegin(); point != points.rend(); ++point) {
    umount2(point->c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
  }
  points = mounts_below(directory);
  if (!points.empty()) return fail("cannot unmount " + points.front());
  return {};
}

Result<WorkDirectory> WorkDirectory::make() {
  if (unshare(CLONE_NEWNS) != 0 ||
      mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return fail_errno("cannot make a mount namespace", errno);
  }
  const char* parent = getenv("TMPDIR");
  std::string path = std::string(parent != nullptr ? parent : "/var/tmp") + "/labgpu-image-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) return fail_errno("cannot make " + path, errno);
  return WorkDirectory(std::move(path));
}

WorkDirectory::~WorkDirectory() {
  if (path_.empty()) return;
  // A /dev or /home that is still mounted there would be emptied too.
  auto unmounted = unmount_below(path_);
  std::error_code error;
  if (unmounted) std::filesystem::remove_all(path_, error);
  if (!unmounted || error) {
    std::cerr << "labgpu: warning: " << path_ << " could not be removed; remove it by hand\n";
  }
}

}  // namespace labgpu
