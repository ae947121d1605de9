// Preloaded into labgpud: ends it with SIGKILL right before the N-th step that changes a file, N
// being LABGPU_TEST_KILL_AT. A write that is chosen gets half of its bytes out first.
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>

namespace {

std::atomic<long> steps_left{0};  // 0: nobody is killed

__attribute__((constructor)) void read_environment() {
  if (const char* chosen = getenv("LABGPU_TEST_KILL_AT")) steps_left = atol(chosen);
}

bool is_chosen() { return steps_left > 0 && --steps_left == 0; }

void step() {
  if (is_chosen()) kill(getpid(), SIGKILL);
}

template <typename Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

// Not the log's lines, and no reply's bytes.
bool is_file_of_state(int fd) {
  struct stat status {};
  return fd > STDERR_FILENO && fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

#define LABGPU_EXPORT extern "C" __attribute__((visibility("default")))

LABGPU_EXPORT ssize_t write(int fd, const void* bytes, size_t size) {
  static auto real = next<ssize_t (*)(int, const void*, size_t)>("write");
  if (is_file_of_state(fd) && is_chosen()) {
    [[maybe_unused]] auto torn = real(fd, bytes, size / 2);
    kill(getpid(), SIGKILL);
  }
  return real(fd, bytes, size);
}

LABGPU_EXPORT int fsync(int fd) {
  static auto real = next<int (*)(int)>("fsync");
  step();
  return real(fd);
}

LABGPU_EXPORT int renameat(int old_directory, const char* old_path, int new_directory,
                           const char* new_path) noexcept {
  static auto real = next<int (*)(int, const char*, int, const char*)>("renameat");
  step();
  return real(old_directory, old_path, new_directory, new_path);
}

LABGPU_EXPORT int unlink(const char* path) noexcept {
  static auto real = next<int (*)(const char*)>("unlink");
  step();
  return real(path);
}

LABGPU_EXPORT int unlinkat(int directory, const char* path, int flags) noexcept {
  static auto real = next<int (*)(int, const char*, int)>("unlinkat");
  step();
  return real(directory, path, flags);
}

LABGPU_EXPORT int mkdir(const char* path, mode_t mode) noexcept {
  static auto real = next<int (*)(const char*, mode_t)>("mkdir");
  step();
  return real(path, mode);
}

LABGPU_EXPORT int mkdirat(int directory, const char* path, mode_t mode) noexcept {
  static auto real = next<int (*)(int, const char*, mode_t)>("mkdirat");
  step();
  return real(directory, path, mode);
}

LABGPU_EXPORT int fchownat(int directory, const char* path, uid_t uid, gid_t gid,
                           int flags) noexcept {
  static auto real = next<int (*)(int, const char*, uid_t, gid_t, int)>("fchownat");
  step();
  return real(directory, path, uid, gid, flags);
}
