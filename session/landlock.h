// Landlock: the kernel's own refusal of files, connections and signals to others.
#pragma once

namespace labgpu {

// Forbids all that the running kernel's Landlock can forbid: any use of a path; since Linux 6.7 TCP
// sockets that bind or connect; since 6.12 abstract Unix sockets and signals of processes outside.
// Descriptors that are open stay as they are. Not in every kernel: one without Landlock, or with it
// turned off, changes nothing and counts as success.
//
// The process must have no_new_privs. Returns an errno number when a kernel that has it refuses.
[[nodiscard]] int forbid_files_and_network();

}  // namespace labgpu
