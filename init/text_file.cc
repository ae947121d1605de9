// Small configuration files, replaced whole.
#include "init/text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/text_buffer.h"
#include "common/unique_fd.h"

namespace labgpu {

namespace {

int write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    ssize_t written = write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    content.remove_prefix(static_cast<size_t>(written));
  }
  return 0;
}

// Fills the new file `fd` in one go: owner before mode, since chown(2) clears the set-id bits.
int fill(int fd, std::string_view content, uid_t uid, gid_t gid, mode_t mode) {
  int error = write_all(fd, content);
  if (error != 0) return error;
  if (fchown(fd, uid, gid) != 0 || fchmod(fd, mode) != 0 || fsync(fd) != 0) return errno;
  return 0;
}

int create_filled(const char* path, std::string_view content, uid_t uid, gid_t gid, mode_t mode) {
  UniqueFd file(open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.valid()) return errno;
  int error = fill(file.get(), content, uid, gid, mode);
  if (error != 0) unlink(path);
  return error;
}

}  // namespace

int replace_text_file(const char* path, std::string_view content, mode_t new_mode) {
  struct stat old {};
  bool exists = stat(path, &old) == 0;
  if (!exists && errno != ENOENT) return errno;

  TextBuffer<PATH_MAX> temporary;
  temporary.add(path).add(".labgpu");
  if (!temporary.ok()) return ENAMETOOLONG;
  // Left by a container that was killed half-way; the account files' lock keeps others out.
  unlink(temporary.c_str());
  int error = create_filled(temporary.c_str(), content, exists ? old.st_uid : 0,
                            exists ? old.st_gid : 0, exists ? old.st_mode & 07777 : new_mode);
  if (error != 0) return error;
  if (rename(temporary.c_str(), path) != 0) {
    error = errno;
    unlink(temporary.c_str());
  }
  return error;
}

int create_text_file(const char* path, std::string_view content, mode_t mode) {
  return create_filled(path, content, 0, 0, mode);
}

}  // namespace labgpu
