// Home directories, made without following anybody's symbolic links.
#include "helper/home_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "common/unique_fd.h"

namespace labgpu {

namespace {

struct HomePath {
  std::string parent;
  std::string name;
};

HomePath split(const std::string& path) {
  auto slash = path.rfind('/');
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

Result<UniqueFd> open_parent(const std::string& path) {
  open_how how{};
  how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_NO_SYMLINKS;
  UniqueFd parent(static_cast<int>(syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
  if (!parent.valid()) {
    int error = errno;
    if (error == ELOOP) {
      return fail(ErrorCode::kInvalid, path +
                                           " has a symbolic link in it: name the true path as "
                                           "\"home\" in labgpu.json");
    }
    return fail_errno("open " + path + ", where directories of users are", error);
  }
  struct stat status {};
  if (fstat(parent.get(), &status) != 0) return fail_errno("look at " + path, errno);
  if (status.st_uid != 0 || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return fail(ErrorCode::kInvalid,
                path +
                    " must belong to root, and nobody else may write to it, before "
                    "directories of users are made or removed there");
  }
  return parent;
}

// A directory; not valid, with errno, when it is none.
UniqueFd open_below(int parent, const std::string& name, uint64_t resolve) {
  open_how how{};
  how.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | resolve;
  return UniqueFd(static_cast<int>(syscall(SYS_openat2, parent, name.c_str(), &how, sizeof how)));
}

bool is_absent(const std::string& path) {
  return access(path.c_str(), F_OK) != 0 && errno == ENOENT;
}

Result<bool> accept_existing(int parent, const HomePath& home, const std::string& path,
                             uint32_t uid) {
  struct stat status {};
  if (fstatat(parent, home.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return fail_errno("look at " + path, errno);
  }
  if (!S_ISDIR(status.st_mode)) {
    return fail(ErrorCode::kInvalid, path + " is there already and is not a directory");
  }
  if (status.st_uid == uid) return false;
  return fail(ErrorCode::kInvalid, path + " is there already and belongs to uid " +
                                       std::to_string(status.st_uid) +
                                       ": move it away, and its files into the new one afterwards");
}

// What a helper left that was killed before there was an account: empty, and nobody's yet.
bool remove_leftover(int parent, const HomePath& home, const std::vector<uint32_t>& former_ids) {
  struct stat status {};
  if (fstatat(parent, home.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return false;
  bool is_former =
      std::find(former_ids.begin(), former_ids.end(), status.st_uid) != former_ids.end();
  return S_ISDIR(status.st_mode) && (status.st_uid == 0 || is_former) &&
         unlinkat(parent, home.name.c_str(), AT_REMOVEDIR) == 0;
}

int make_directory(int parent, const HomePath& home, const std::vector<uint32_t>& former_ids) {
  constexpr mode_t kPrivate = 0700;
  if (mkdirat(parent, home.name.c_str(), kPrivate) == 0) return 0;
  if (errno != EEXIST) return errno;
  if (!remove_leftover(parent, home, former_ids)) return EEXIST;
  return mkdirat(parent, home.name.c_str(), kPrivate) == 0 ? 0 : errno;
}

}  // namespace

Result<bool> make_home(const std::string& path, uint32_t uid, uint32_t gid,
                       const std::vector<uint32_t>& former_ids) {
  auto home = split(path);
  auto parent = open_parent(home.parent);
  if (!parent) return Failed(parent.error());
  int error = make_directory(parent->get(), home, former_ids);
  if (error == EEXIST) return accept_existing(parent->get(), home, path, uid);
  if (error != 0) return fail_errno("make the home directory " + path, error);
  if (fchownat(parent->get(), home.name.c_str(), uid, gid, AT_SYMLINK_NOFOLLOW) != 0 ||
      fsync(parent->get()) != 0) {
    error = errno;
    unlinkat(parent->get(), home.name.c_str(), AT_REMOVEDIR);
    return fail_errno("give the home directory " + path + " to its owner", error);
  }
  return true;
}

Result<UniqueFd> open_in_home(const std::string& path, uint32_t uid, const std::string& name) {
  auto home = split(path);
  auto parent = open_parent(home.parent);
  if (!parent) return Failed(parent.error());
  auto directory = open_below(parent->get(), home.name, RESOLVE_NO_SYMLINKS);
  struct stat status {};
  if (!directory.valid() || fstat(directory.get(), &status) != 0) {
    return fail_errno("open the home directory " + path, errno);
  }
  if (status.st_uid != uid) {
    return fail(ErrorCode::kInvalid, "the home directory " + path + " belongs to uid " +
                                         std::to_string(status.st_uid) + ", not to " +
                                         std::to_string(uid));
  }
  auto inner = open_below(directory.get(), name, RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
  if (inner.valid()) return inner;
  int error = errno;
  auto what = path + "/" + name;
  if (error == ENOENT) return fail(ErrorCode::kNotFound, "there is no directory " + what);
  if (error == ELOOP || error == ENOTDIR || error == EXDEV) {
    return fail(ErrorCode::kInvalid, what + " must be a directory, and neither a link nor a mount");
  }
  return fail_errno("open " + what, error);
}

void remove_new_home(const std::string& path) { rmdir(path.c_str()); }

Result<TreeSize> measure_own_directory(const std::string& path, std::chrono::milliseconds limit,
                                       TreeWork& work) {
  auto own = split(path);
  if (is_absent(own.parent)) return TreeSize{};
  auto parent = open_parent(own.parent);
  if (!parent) return Failed(parent.error());
  return measure_tree(parent->get(), own.name, limit, work);
}

Result<void> remove_own_directory(const std::string& path, TreeWork& work) {
  auto own = split(path);
  if (is_absent(own.parent)) return {};
  auto parent = open_parent(own.parent);
  if (!parent) return Failed(parent.error());
  auto removed = remove_tree(parent->get(), own.name, path, work);
  if (removed && fsync(parent->get()) != 0) return fail_errno("flush " + own.parent, errno);
  return removed;
}

}  // namespace labgpu
