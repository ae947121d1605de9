// Makes and checks directories one path component at a time, never through a symbolic link.
#include "helper/container_directories.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "helper/container_spec.h"

namespace labgpu {

namespace {

constexpr int kOpenFlags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
constexpr mode_t kPrivate = 0700;
constexpr mode_t kPassable = 0711;
constexpr mode_t kShared = 01777;

std::string shown(const std::string& parent, const std::string& name) {
  return (parent == "/" ? "" : parent) + "/" + name;
}

// `mode` is set when the directory is made and is left alone later: container root may change it.
Result<UniqueFd> open_or_make(const UniqueFd& parent, const std::string& parent_path,
                              const std::string& name, mode_t mode) {
  std::string path = shown(parent_path, name);
  bool made = mkdirat(parent.get(), name.c_str(), kPrivate) == 0;
  if (!made && errno != EEXIST) return fail_errno("cannot make the directory " + path, errno);
  UniqueFd directory(openat(parent.get(), name.c_str(), kOpenFlags | O_DIRECTORY));
  if (!directory.valid()) return fail_errno("cannot open the directory " + path, errno);
  // mkdirat(2) is subject to the umask, and fchmod(2) takes no O_PATH descriptor.
  std::string handle = "/proc/self/fd/" + std::to_string(directory.get());
  if (made && chmod(handle.c_str(), mode) != 0) {
    return fail_errno("cannot set the mode of " + path, errno);
  }
  return directory;
}

// Opens `name` in a directory that only root may change; that holds for "/" and by induction.
Result<UniqueFd> open_trusted_directory(const UniqueFd& parent, const std::string& path,
                                        const std::string& name) {
  UniqueFd directory(openat(parent.get(), name.c_str(), kOpenFlags));
  if (!directory.valid()) return fail_errno(path, errno);
  struct stat status {};
  if (fstat(directory.get(), &status) != 0) return fail_errno(path, errno);
  if (S_ISLNK(status.st_mode)) {
    return fail(ErrorCode::kInvalid, path + " is a symbolic link; name what it points to");
  }
  if (!S_ISDIR(status.st_mode)) return fail(ErrorCode::kInvalid, path + " is not a directory");
  if (status.st_uid != 0 || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return fail(ErrorCode::kInvalid,
                path + " may be changed by others than root, so nothing below it can be mounted");
  }
  return directory;
}

bool has_component(std::string_view path, std::string_view name) {
  std::string bounded = std::string(path) + "/";
  return bounded.find("/" + std::string(name) + "/") != std::string::npos;
}

// The last component, which may be the user's own. Made for `owner`, unless that is nullptr.
Result<void> find_or_make(const UniqueFd& parent, const std::string& path, const std::string& name,
                          const Account* owner) {
  struct stat status {};
  if (fstatat(parent.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
    if (!S_ISLNK(status.st_mode)) return {};
    return fail(ErrorCode::kInvalid, path + " is a symbolic link; name what it points to");
  }
  if (errno != ENOENT || owner == nullptr) return fail_errno(path, errno);
  if (mkdirat(parent.get(), name.c_str(), kPrivate) != 0 ||
      fchownat(parent.get(), name.c_str(), owner->uid, owner->gid, AT_SYMLINK_NOFOLLOW) != 0) {
    return fail_errno("cannot make " + path, errno);
  }
  return {};
}

Result<void> prepare_source(const std::string& source, const Account* owner) {
  UniqueFd directory(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid()) return fail_errno("/", errno);
  // parse_mount() lets plain paths through only: no empty, "." or ".." component.
  for (size_t begin = 1;;) {
    size_t end = source.find('/', begin);
    std::string name = source.substr(begin, end == std::string::npos ? end : end - begin);
    if (name.empty()) return {};  // "/" itself
    if (end == std::string::npos) return find_or_make(directory, source, name, owner);
    Result<UniqueFd> next = open_trusted_directory(directory, source.substr(0, end), name);
    if (!next) return Failed(next.error());
    directory = std::move(*next);
    begin = end + 1;
  }
}

// A directory service says where it is, and may let people change that for themselves. Nobody but
// root can put something else there meanwhile, as prepare_source() has made sure.
Result<void> check_home_owner(const Account& account) {
  struct stat status {};
  if (lstat(account.home.c_str(), &status) != 0) return fail_errno(account.home, errno);
  if (!S_ISDIR(status.st_mode)) {
    return fail(ErrorCode::kInvalid, account.home + " is not a directory");
  }
  if (status.st_uid == account.uid) return {};
  return fail(ErrorCode::kInvalid, account.home + " belongs to uid " +
                                       std::to_string(status.st_uid) + ", and not to " +
                                       std::to_string(account.uid));
}

}  // namespace

Result<ContainerDirectories> open_container_directories(const std::string& state_directory,
                                                        const std::string& user) {
  UniqueFd state(open(state_directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!state.valid()) return fail_errno("cannot open " + state_directory, errno);
  Result<UniqueFd> all = open_or_make(state, state_directory, "containers", kPassable);
  if (!all) return Failed(all.error());
  Result<UniqueFd> own = open_or_make(*all, state_directory + "/containers", user, kPrivate);
  if (!own) return Failed(own.error());
  std::string path = container_directory(state_directory, user);
  Result<UniqueFd> run = open_or_make(*own, path, "run", kPrivate);
  if (!run) return Failed(run.error());
  Result<UniqueFd> tmp = open_or_make(*own, path, "tmp", kShared);
  if (!tmp) return Failed(tmp.error());
  return ContainerDirectories{std::move(*run), std::move(*tmp)};
}

Result<void> link_beside_directories(const std::string& state_directory, const std::string& user,
                                     const std::string& name, const std::string& target) {
  std::string link = container_directory(state_directory, user) + "/" + name;
  std::string fresh = link + ".new";
  std::error_code error;
  if (target.empty()) {
    std::filesystem::remove(link, error);
  } else if (std::filesystem::read_symlink(link, error) != target) {
    std::filesystem::remove(fresh, error);
    std::filesystem::create_symlink(target, fresh, error);
    if (!error) std::filesystem::rename(fresh, link, error);
  }
  if (error) return fail_errno("cannot make the link " + link, error.value());
  return {};
}

Result<void> remove_container_directories(const std::string& state_directory,
                                          const std::string& user, TreeWork& work) {
  auto all = state_directory + "/containers";
  UniqueFd directory(open(all.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid() && errno == ENOENT) return {};  // no container was ever made
  if (!directory.valid()) return fail_errno("cannot open " + all, errno);
  return remove_tree(directory.get(), user, container_directory(state_directory, user), work);
}

Result<void> prepare_mount_sources(const Account& account, const std::vector<Mount>& mounts) {
  Result<void> home = prepare_source(account.home, nullptr);
  if (home && account.bridged) home = check_home_owner(account);
  if (!home) return wrap("the home directory of " + account.name, home.error());
  for (const Mount& mount : mounts) {
    bool own = has_component(mount.source, account.name);
    Result<void> prepared = prepare_source(mount.source, own ? &account : nullptr);
    if (!prepared) {
      return wrap("the setting mounts of " + account.name + " has " + mount.source,
                  prepared.error());
    }
  }
  return {};
}

}  // namespace labgpu
