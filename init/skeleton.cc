// Copies the files of /etc/skel into a home.
#include "init/skeleton.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/unique_fd.h"

namespace labgpu {

namespace {

constexpr int kMaxDepth = 8;
constexpr mode_t kModeMask = 0777;  // no set-id bits from the image

constexpr int kDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

void copy_file(int from, int to, const char* name, const struct stat& status) {
  UniqueFd source(openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!source.valid()) return;
  UniqueFd target(openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                         status.st_mode & kModeMask));
  if (!target.valid()) return;
  off_t left = status.st_size;
  while (left > 0) {
    ssize_t copied = sendfile(target.get(), source.get(), nullptr, static_cast<size_t>(left));
    if (copied <= 0) return;
    left -= copied;
  }
}

void copy_link(int from, int to, const char* name) {
  char destination[PATH_MAX];
  ssize_t size = readlinkat(from, name, destination, sizeof destination - 1);
  if (size < 0) return;
  destination[size] = '\0';
  // Fails when there is anything of that name already, which is what is wanted.
  [[maybe_unused]] int made = symlinkat(destination, to, name);
}

void copy_entries(int from, int to, int depth);

void copy_entry(int from, int to, const char* name, int depth) {
  struct stat status {};
  if (fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return;
  if (S_ISREG(status.st_mode)) return copy_file(from, to, name, status);
  if (S_ISLNK(status.st_mode)) return copy_link(from, to, name);
  if (!S_ISDIR(status.st_mode) || depth == kMaxDepth) return;
  if (mkdirat(to, name, status.st_mode & kModeMask) != 0 && errno != EEXIST) return;
  UniqueFd source(openat(from, name, kDirectory));
  UniqueFd target(openat(to, name, kDirectory));
  if (source.valid() && target.valid()) copy_entries(source.get(), target.get(), depth + 1);
}

void copy_entries(int from, int to, int depth) {
  alignas(dirent) char entries[4096];
  for (;;) {
    // C libraries do not agree on the function's arguments.
    ssize_t size = syscall(SYS_getdents64, from, entries, sizeof entries);
    if (size <= 0) return;
    for (ssize_t offset = 0; offset < size;) {
      auto* entry = reinterpret_cast<dirent*>(entries + offset);
      offset += entry->d_reclen;
      bool self = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
      if (!self) copy_entry(from, to, entry->d_name, depth);
    }
  }
}

}  // namespace

void copy_skeleton(const char* source, const char* home) {
  UniqueFd from(open(source, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  UniqueFd to(open(home, kDirectory));
  if (from.valid() && to.valid()) copy_entries(from.get(), to.get(), 0);
}

}  // namespace labgpu
