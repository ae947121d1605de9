// Gives the whole test program, and each labgpud that it starts, an /etc/group with labgpu-admin in
// it, before any test runs: the machine's own may have none.
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "tests/module/helper/labgpud_process.h"

namespace labgpu::test {
namespace {

void must(bool done, const char* what) {
  if (done) return;
  fprintf(stderr, "cannot %s: %s; run this test as root\n", what, strerror(errno));
  exit(1);
}

struct PrivateGroup {
  PrivateGroup() {
    must(unshare(CLONE_NEWNS) == 0, "make a mount namespace");
    must(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "make it private");
    auto line = std::string(kAdminGroupName) + ":x:" + std::to_string(kAdminGroup) + ":\n";
    write_file(group, line + read_file("/etc/group"));
    must(mount(group.c_str(), "/etc/group", nullptr, MS_BIND, nullptr) == 0, "mount a file");
  }
  TemporaryDirectory directory;
  std::string group = directory / "group";
};

// Before main() and its threads: unshare(2) moves only the calling thread.
const PrivateGroup kPrivateGroup;

}  // namespace
}  // namespace labgpu::test
