// Opens a user's directory without leaving it, and makes one file there.
#include "helper/user_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "helper/text_list.h"

namespace labgpu {

namespace {

constexpr char kPart[] = ".part";
constexpr size_t kLongestName = 255 - (sizeof kPart - 1);

// Where a path of the container's is on the host.
struct Place {
  std::string root;       // the home, or a mount's source
  std::string directory;  // below it; "." is it
  std::string name;
};

bool is_plain(std::string_view path) {
  constexpr size_t kLongestPath = 4096;
  if (path.size() > kLongestPath || path.find('\0') != std::string_view::npos) return false;
  auto parts = split(path.substr(1), '/');
  return std::none_of(parts.begin(), parts.end(), [](std::string_view part) {
    return part.empty() || part == "." || part == "..";
  });
}

bool is_below(const std::string& path, const std::string& directory) {
  return path.size() > directory.size() && path.starts_with(directory) &&
         path[directory.size()] == '/';
}

Result<Place> find_place(const Account& account, const std::vector<Mount>& mounts,
                         const std::string& path) {
  const Mount home{account.home, account.home, false};
  const Mount* found = is_below(path, home.target) ? &home : nullptr;
  for (const Mount& mount : mounts) {
    bool nearer = found == nullptr || mount.target.size() > found->target.size();
    if (nearer && is_below(path, mount.target)) found = &mount;
  }
  if (found == nullptr) {
    return fail(ErrorCode::kInvalid, path + " is neither in the home of " + account.name + ", " +
                                         account.home +
                                         ", nor in a directory of the server that "
                                         "their container shows");
  }
  if (found->read_only) {
    return fail(ErrorCode::kDenied, path + " is where " + account.name + " can only read");
  }
  std::string below = path.substr(found->target.size() + 1);
  size_t slash = below.rfind('/');
  if (slash == std::string::npos) return Place{found->source, ".", below};
  return Place{found->source, below.substr(0, slash), below.substr(slash + 1)};
}

int open_directory(int parent, const std::string& path, uint64_t resolve) {
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = resolve | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(syscall(SYS_openat2, parent, path.c_str(), &how, sizeof how));
}

Result<UniqueFd> open_place(const Account& account, const Place& place, const std::string& path) {
  UniqueFd root(open_directory(AT_FDCWD, place.root, 0));
  if (!root.valid()) return fail_errno("open " + place.root + " for " + path, errno);
  UniqueFd directory(open_directory(root.get(), place.directory, RESOLVE_BENEATH));
  if (!directory.valid()) {
    int error = errno;
    if (error == ELOOP) {
      return fail(ErrorCode::kInvalid,
                  "there is a symbolic link in " + path + "; name the directory that it leads to");
    }
    return fail_errno("open the directory of " + path, error);
  }
  struct stat status {};
  if (fstat(directory.get(), &status) != 0) return fail_errno("look at " + path, errno);
  constexpr mode_t kMayWrite = S_IWUSR | S_IXUSR;
  if (status.st_uid == account.uid && (status.st_mode & kMayWrite) == kMayWrite) return directory;
  return fail(ErrorCode::kDenied, "the directory of " + path + " is not " + account.name +
                                      "'s own to write to; name one that is");
}

Failed is_there(const std::string& path) {
  return fail(ErrorCode::kExists, path + " is there already; remove it or take another name");
}

}  // namespace

Result<UserFile> UserFile::create(const Account& account, const std::vector<Mount>& mounts,
                                  const std::string& path) {
  UserFile made;
  made.path_ = path.starts_with('/') ? path : account.home + "/" + path;
  if (path.empty() || !is_plain(made.path_)) {
    return fail(ErrorCode::kInvalid, "\"" + path + "\" is not the plain path of a file");
  }
  auto place = find_place(account, mounts, made.path_);
  if (!place) return Failed(place.error());
  made.name_ = place->name;
  if (made.name_.size() > kLongestName) return fail_errno(made.path_, ENAMETOOLONG);
  auto directory = open_place(account, *place, made.path_);
  if (!directory) return Failed(directory.error());
  made.directory_ = std::move(*directory);
  if (faccessat(made.directory_.get(), made.name_.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
    return is_there(made.path_);
  }
  std::string part = made.name_ + kPart;
  UniqueFd file(openat(made.directory_.get(), part.c_str(),
                       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.valid() && errno == EEXIST) return is_there(made.path_ + kPart);
  if (!file.valid()) return fail_errno("make " + made.path_ + kPart, errno);
  made.file_ = std::move(file);
  if (fchown(made.file_.get(), account.uid, account.gid) != 0) {
    return fail_errno("give " + made.path_ + kPart + " to " + account.name, errno);
  }
  return made;
}

UserFile::UserFile(UserFile&&) noexcept = default;

UserFile::~UserFile() {
  if (file_.valid()) unlinkat(directory_.get(), (name_ + kPart).c_str(), 0);
}

Result<void> UserFile::keep() {
  if (fsync(file_.get()) != 0) return fail_errno("write " + path_, errno);
  std::string part = name_ + kPart;
  int directory = directory_.get();
  int failed = renameat2(directory, part.c_str(), directory, name_.c_str(), RENAME_NOREPLACE);
  // NFS and some others cannot; nothing was there at the beginning.
  if (failed != 0 && errno == EINVAL) {
    failed = renameat(directory, part.c_str(), directory, name_.c_str());
  }
  if (failed != 0 && errno == EEXIST) return is_there(path_);
  if (failed != 0) return fail_errno("rename " + path_ + kPart, errno);
  file_.reset();
  return {};
}

}  // namespace labgpu
