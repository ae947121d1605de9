// Gives the whole test program a /var/lib of its own before any test runs: the module's paths are
// fixed, and the machine's own index must neither be seen nor touched.
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

namespace {

[[noreturn]] void give_up(const char* what) {
  fprintf(stderr, "cannot %s: %s; run this test as root\n", what, strerror(errno));
  exit(1);
}

struct PrivateFiles {
  PrivateFiles() {
    if (unshare(CLONE_NEWNS) != 0) give_up("make a mount namespace");
    if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) give_up("make it private");
    if (mount("labgpu-test", "/var/lib", "tmpfs", 0, nullptr) != 0) give_up("mount a tmpfs");
  }
};

// Before main() and its threads: unshare(2) moves only the calling thread.
const PrivateFiles kPrivateFiles;

}  // namespace
