// A temporary directory that goes away with everything in it, mounts included.
#pragma once

#include <string>

#include "cli/result.h"

namespace labgpu {

// Made under $TMPDIR or /var/tmp (an image is too big for a /tmp in memory), 0700. The process gets
// a mount namespace of its own first, so that what a package's set-up mounts in the directory is
// not seen by the server and is gone when labgpu is killed.
class WorkDirectory {
 public:
  static Result<WorkDirectory> make();
  WorkDirectory(WorkDirectory&& other) noexcept : path_(std::move(other.path_)) {
    other.path_.clear();
  }
  WorkDirectory& operator=(WorkDirectory&&) = delete;
  // Takes away mounts first; what cannot be unmounted is not deleted into, and a warning names it.
  ~WorkDirectory();

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  explicit WorkDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// Unmounts everything that is mounted at or below the directory; fails when something stays.
Result<void> unmount_below(const std::string& directory);

}  // namespace labgpu
