// Which system calls the rest of a session needs; all others end the process.
#pragma once

namespace labgpu {

// From now on only the system calls in the table of syscall_filter.cc are possible, with the
// arguments given there: packets go over `init` alone, signals to this process alone. Any other
// ends the process with SIGSYS, which cannot be caught, and the kernel logs it (seccomp(2),
// SECCOMP_RET_KILL_PROCESS).
//
// The process must have no_new_privs and one thread. Returns an errno number; 0 for success.
[[nodiscard]] int allow_only_session_calls(int init);

}  // namespace labgpu
