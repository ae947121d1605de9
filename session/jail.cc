// The jail's walls, from the outermost to the one that closes the door.
#include "session/jail.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "session/landlock.h"
#include "session/syscall_filter.h"

namespace labgpu {

namespace {

// A user has none, unless an administrator gives some at the login (pam_cap(8)). The ambient ones
// go with the inheritable (capabilities(7)).
int drop_capabilities() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
  return syscall(SYS_capset, &header, none) == 0 ? 0 : errno;
}

// RLIMIT_NOFILE stays: it is also how many descriptors all processes of the user together may have
// on their way in packets (unix(7), ETOOMANYREFS), three for each login that begins.
int forbid_processes() {
  constexpr rlimit kNone{.rlim_cur = 0, .rlim_max = 0};
  return setrlimit(RLIMIT_NPROC, &kNone) == 0 ? 0 : errno;
}

// The limit on core files does not count for a core that goes to a program (core(5)). Nobody looks
// into this process either, a process of the same user included (ptrace(2)).
int hide_memory() { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : errno; }

}  // namespace

int enter_jail(int init) {
  int error = drop_capabilities();
  if (error == 0) error = hide_memory();
  if (error == 0) error = forbid_processes();
  if (error == 0) error = forbid_files_and_network();
  if (error == 0) error = allow_only_session_calls(init);
  return error;
}

}  // namespace labgpu
