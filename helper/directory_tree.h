// Trees of directories that somebody else filled, measured and removed without a step outside.
//
// Root in a container may have put anything there: symbolic links, directories deeper than a path
// can be long, files that come while others go. No link is followed and no mount is entered, not
// even one of the same file system (openat2(2), RESOLVE_NO_XDEV). A tree may have millions of
// files: call this from a worker's thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "helper/error.h"

namespace labgpu {

// What another thread may look at, and how it ends the work.
struct TreeWork {
  std::atomic<uint64_t> entries = 0;  // counted, or removed
  std::atomic<bool> stop = false;
};

// A worker's jobs on trees, which end when nobody waits for them any more.
class TreeJobs {
 public:
  TreeJobs() = default;
  TreeJobs(const TreeJobs&) = delete;
  TreeJobs& operator=(const TreeJobs&) = delete;
  ~TreeJobs() { work_->stop = true; }
  [[nodiscard]] std::shared_ptr<TreeWork> work() const { return work_; }

 private:
  std::shared_ptr<TreeWork> work_ = std::make_shared<TreeWork>();
};

struct TreeSize {
  uint64_t entries = 0;
  uint64_t bytes = 0;  // on disk; a file with several names counts in part for each
  bool whole = true;   // false: there is more, of what could not be read or not in time
};

// `name` in the directory `parent`, itself included. Absent is nothing.
TreeSize measure_tree(int parent, const std::string& name, std::chrono::milliseconds limit,
                      TreeWork& work);

// Removes `name` in the directory `parent`, whose path is `path`. Absent is success. What cannot be
// removed does not keep the rest: the error says how much is left, and the first reason. `name`
// itself may be a mount point; then it is left, empty.
Result<void> remove_tree(int parent, const std::string& name, const std::string& path,
                         TreeWork& work);

}  // namespace labgpu
