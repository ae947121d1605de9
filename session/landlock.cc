// A set of rules without a rule: whatever it is about is forbidden.
#include "session/landlock.h"

#include <errno.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/unique_fd.h"

namespace labgpu {

namespace {

// Documentation/userspace-api/landlock.rst. The headers of the oldest release that labgpu is built
// on have the first field only. A kernel that knows fewer takes the others when they are zero.
struct Forbidden {
  uint64_t files = 0;
  uint64_t network = 0;
  uint64_t scopes = 0;
};

// Each version of the interface has the rights of the one before, and those added to it.
Forbidden all_of_version(long version) {
  constexpr uint64_t kFirstFiles = (1U << 13) - 1;  // from executing to making symbolic links
  constexpr uint64_t kRefer = 1U << 13;
  constexpr uint64_t kTruncate = 1U << 14;
  constexpr uint64_t kDeviceIoctl = 1U << 15;  // of devices opened from now on
  constexpr uint64_t kTcp = 3;                 // bind, connect
  constexpr uint64_t kScopes = 3;              // abstract Unix sockets, signals
  Forbidden all{.files = kFirstFiles};
  if (version >= 2) all.files |= kRefer;
  if (version >= 3) all.files |= kTruncate;
  if (version >= 4) all.network = kTcp;
  if (version >= 5) all.files |= kDeviceIoctl;
  if (version >= 6) all.scopes = kScopes;
  return all;
}

}  // namespace

int forbid_files_and_network() {
  long version = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 1) return 0;
  Forbidden all = all_of_version(version);
  UniqueFd rules(static_cast<int>(syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0)));
  if (!rules.valid()) return errno;
  return syscall(SYS_landlock_restrict_self, rules.get(), 0) == 0 ? 0 : errno;
}

}  // namespace labgpu
