// Whole files of the administrator's, read and replaced at once.
#include "cli/setup/text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "common/unique_fd.h"

namespace labgpu {

namespace {

constexpr mode_t kNewFileMode = 0644;
constexpr mode_t kPermissionBits = 07777;

std::string directory_of(const std::string& path) {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Where the bytes really are: renaming over a symbolic link would replace the link.
std::string resolved(const std::string& path) {
  std::array<char, PATH_MAX> target{};
  return realpath(path.c_str(), target.data()) != nullptr ? target.data() : path;
}

Result<void> sync_directory(const std::string& directory) {
  UniqueFd fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || fsync(fd.get()) != 0) return fail_errno("cannot sync " + directory, errno);
  return {};
}

// Attributes that the file system or the security policy refuses to set are left to their defaults.
void copy_attributes(int from, int to) {
  std::vector<char> names(XATTR_LIST_MAX);
  ssize_t length = flistxattr(from, names.data(), names.size());
  std::vector<char> value(XATTR_SIZE_MAX);
  for (ssize_t at = 0; at < length;) {
    const char* name = names.data() + at;
    ssize_t size = fgetxattr(from, name, value.data(), value.size());
    if (size >= 0) fsetxattr(to, name, value.data(), static_cast<size_t>(size), 0);
    at += static_cast<ssize_t>(strlen(name)) + 1;
  }
}

Result<void> copy_metadata(const std::string& path, int to) {
  UniqueFd from(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!from.valid()) {
    if (errno != ENOENT) return fail_errno("cannot read " + path, errno);
    if (fchmod(to, kNewFileMode) != 0) return fail_errno("cannot set the mode of " + path, errno);
    return {};
  }
  struct stat info {};
  // The owner first: chown(2) clears set-id bits.
  if (fstat(from.get(), &info) != 0 || fchown(to, info.st_uid, info.st_gid) != 0 ||
      fchmod(to, info.st_mode & kPermissionBits) != 0) {
    return fail_errno("cannot keep the owner and mode of " + path, errno);
  }
  copy_attributes(from.get(), to);
  return {};
}

Result<void> write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    ssize_t count = write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno("cannot write " + path, errno);
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  if (fsync(fd) != 0) return fail_errno("cannot write " + path, errno);
  return {};
}

Result<void> remove_file(const std::string& path) {
  if (unlink(path.c_str()) != 0) {
    if (errno == ENOENT) return {};
    return fail_errno("cannot remove " + path, errno);
  }
  return sync_directory(directory_of(path));
}

}  // namespace

Result<Text> read_text(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    if (errno == ENOENT) return Text{};
    return fail_errno("cannot read " + path, errno);
  }
  std::string text;
  std::array<char, 65536> buffer{};
  for (;;) {
    ssize_t count = read(fd.get(), buffer.data(), buffer.size());
    if (count == 0) return Text{std::move(text)};
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno("cannot read " + path, errno);
    text.append(buffer.data(), static_cast<size_t>(count));
  }
}

Result<void> write_text(const std::string& path, const Text& text) {
  if (!text) return remove_file(path);
  std::string target = resolved(path);
  // sshd reads *.conf and PAM reads exact names, so neither ever sees the temporary file.
  std::string temporary = target + ".labgpu-XXXXXX";
  UniqueFd fd(mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd.valid()) return fail_errno("cannot write beside " + target, errno);
  auto done = copy_metadata(target, fd.get());
  if (done) done = write_all(fd.get(), *text, target);
  if (done && rename(temporary.c_str(), target.c_str()) != 0) {
    done = fail_errno("cannot replace " + target, errno);
  }
  if (!done) {
    unlink(temporary.c_str());
    return done;
  }
  return sync_directory(directory_of(target));
}

}  // namespace labgpu
