// Walking down by descriptors, one name at a time.
#include "helper/directory_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <memory>
#include <string_view>
#include <utility>

#include "common/unique_fd.h"

namespace labgpu {

namespace {

// A descriptor for each level; what is deeper is brought up before it is removed.
constexpr unsigned kDeepest = 64;

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

enum class Mounts { kEnter, kRefuse };

// Only a directory, and no link to one: else ENOTDIR or ELOOP; EXDEV for a mount.
Directory open_directory(int parent, const char* name, Mounts mounts) {
  open_how how{};
  how.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  if (mounts == Mounts::kRefuse) how.resolve |= RESOLVE_NO_XDEV;
  UniqueFd fd(static_cast<int>(syscall(SYS_openat2, parent, name, &how, sizeof how)));
  if (!fd.valid()) return nullptr;
  Directory directory(fdopendir(fd.get()));
  if (directory) static_cast<void>(fd.release());
  return directory;
}

// The next entry but "." and ".."; nullptr at the end.
const dirent* next_entry(DIR* directory) {
  for (;;) {
    const dirent* entry = readdir(directory);
    if (entry == nullptr) return nullptr;
    std::string_view name = entry->d_name;
    if (name != "." && name != "..") return entry;
  }
}

class Measuring {
 public:
  Measuring(std::chrono::milliseconds limit, TreeWork& work)
      : deadline_(std::chrono::steady_clock::now() + limit), work_(work) {}

  TreeSize run(int parent, const char* name) {
    count(parent, name);
    if (auto directory = open_directory(parent, name, Mounts::kEnter)) {
      look_into(directory.get(), 1);
    } else if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP) {
      size_.whole = false;
    }
    return size_;
  }

 private:
  // Is it a directory?
  bool count(int parent, const char* name) {
    struct stat status {};
    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return false;
    constexpr uint64_t kBlock = 512;  // stat(2), st_blocks
    bool is_directory = S_ISDIR(status.st_mode);
    uint64_t names = is_directory ? 1 : static_cast<uint64_t>(status.st_nlink);
    if (names == 0) names = 1;
    size_.bytes += static_cast<uint64_t>(status.st_blocks) * kBlock / names;
    ++size_.entries;
    ++work_.entries;
    return is_directory;
  }

  void look_into(DIR* directory, unsigned depth) {
    while (const dirent* entry = next_entry(directory)) {
      if (is_over()) {
        size_.whole = false;
        return;
      }
      if (!count(dirfd(directory), entry->d_name)) continue;
      auto inner = depth < kDeepest
                       ? open_directory(dirfd(directory), entry->d_name, Mounts::kRefuse)
                       : nullptr;
      if (inner) {
        look_into(inner.get(), depth + 1);
      } else {
        size_.whole = false;
      }
    }
  }

  bool is_over() {
    constexpr uint64_t kSeldom = 256;  // entries for one look at the clock
    if (size_.entries % kSeldom == 1 && std::chrono::steady_clock::now() > deadline_) {
      return true;
    }
    return work_.stop;
  }

  std::chrono::steady_clock::time_point deadline_;
  TreeWork& work_;
  TreeSize size_;
};

class Removing {
 public:
  Removing(std::string path, TreeWork& work) : path_(std::move(path)), work_(work) {}

  Result<void> run(int parent, const char* name) {
    auto whole = path_;
    remove_directory(parent, name, 0);
    if (work_.stop) {
      return fail(ErrorCode::kUnavailable, whole + " is not removed: labgpud is being stopped");
    }
    if (left_ == 0) return {};
    auto count = left_ == 1 ? "1 entry is" : std::to_string(left_) + " entries are";
    return fail(ErrorCode::kSystem, "not all of " + whole + " could be removed; " + count +
                                        " left, the first: " + first_reason_);
  }

 private:
  void remove_directory(int parent, const char* name, unsigned depth) {
    constexpr int kMostPasses = 100;  // somebody may be adding files all the time
    uint64_t left_before = left_;
    for (int passes_left = kMostPasses; passes_left > 0;) {
      uint64_t brought_up_before = brought_up_;
      left_ = left_before;
      if (left_ == 0) first_reason_.clear();
      auto directory = open_directory(parent, name, depth == 0 ? Mounts::kEnter : Mounts::kRefuse);
      if (!directory) return leave(errno);
      if (depth == 0) top_ = dirfd(directory.get());
      uint64_t done_before = done_;
      empty(directory.get(), depth);
      if (work_.stop) return;
      if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT) return count();
      int error = errno;
      bool is_worth_it = (error == ENOTEMPTY || error == EEXIST) && done_ > done_before;
      if (brought_up_ == brought_up_before) --passes_left;  // else it is very deep, and less so now
      if (is_worth_it) continue;
      if (left_ == left_before) leave(error);
      return;
    }
    if (left_ == left_before) leave(ENOTEMPTY);
  }

  void empty(DIR* directory, unsigned depth) {
    auto path_size = path_.size();
    while (const dirent* entry = next_entry(directory)) {
      if (work_.stop) return;
      path_.append("/").append(entry->d_name);
      remove_entry(dirfd(directory), *entry, depth);
      path_.resize(path_size);
    }
  }

  void remove_entry(int directory, const dirent& entry, unsigned depth) {
    // A directory that is not told to be one: unlink(2) says EISDIR, or EPERM as POSIX has it.
    if (entry.d_type != DT_DIR) {
      if (unlinkat(directory, entry.d_name, 0) == 0 || errno == ENOENT) return count();
      int error = errno;
      struct stat status {};
      bool is_directory = entry.d_type == DT_UNKNOWN &&
                          fstatat(directory, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
                          S_ISDIR(status.st_mode);
      if (!is_directory) return leave(error);
    }
    if (depth + 1 < kDeepest) {
      remove_directory(directory, entry.d_name, depth + 1);
    } else {
      bring_up(directory, entry.d_name);
    }
  }

  // To the top of the tree, where a later pass finds it.
  void bring_up(int directory, const char* name) {
    constexpr int kMostTries = 100;  // somebody may have taken the names
    int error = 0;
    for (int tries = 0; tries < kMostTries; ++tries) {
      auto there = ".labgpu-purge-" + std::to_string(brought_up_++);
      if (renameat(directory, name, top_, there.c_str()) == 0) {
        ++done_;
        return;
      }
      error = errno;
      if (error != ENOTEMPTY && error != EEXIST && error != ENOTDIR) break;
    }
    leave(error);
  }

  void count() {
    ++done_;
    ++work_.entries;
  }

  // What is at path_ stays.
  void leave(int error) {
    if (error == ENOENT) return;
    if (left_++ > 0 || !first_reason_.empty()) return;
    constexpr size_t kLongestShown = 500;
    bool is_mount = error == EXDEV || error == EBUSY;
    first_reason_ = path_.substr(0, kLongestShown) + ": " +
                    (is_mount ? "something is mounted there" : strerror(error));
  }

  std::string path_;  // of what is looked at
  TreeWork& work_;
  int top_ = -1;
  uint64_t done_ = 0;  // removed or brought up
  uint64_t brought_up_ = 0;
  uint64_t left_ = 0;
  std::string first_reason_;
};

}  // namespace

TreeSize measure_tree(int parent, const std::string& name, std::chrono::milliseconds limit,
                      TreeWork& work) {
  return Measuring(limit, work).run(parent, name.c_str());
}

Result<void> remove_tree(int parent, const std::string& name, const std::string& path,
                         TreeWork& work) {
  return Removing(path, work).run(parent, name.c_str());
}

}  // namespace labgpu
