// Which programs a login view lets sshd execute. Each returns nullptr, or what could not be done,
// with the reason in errno. The caller's mount namespace must be one of its own.
#pragma once

namespace labgpu {

// For an account whose shell is labgpu's session command: it stands in place of /bin/sh, too, with
// which sshd runs xauth(1) and /etc/ssh/sshrc. They run in the container, as what the user runs
// does.
[[nodiscard]] const char* replace_system_shell();

// For an account whose shell is a program of the host: from now on no file can be executed in the
// calling process's mount namespace, which must be a private one, but labgpu's session command and
// labgpu-self, which that executes for a user's own commands. The session command stands at its own
// place, in place of `shell`, and in place of /bin/sh, with which sshd runs xauth(1). Libraries
// cannot be loaded any more either; a program that runs goes on. What the host mounts and unmounts
// later is not seen.
[[nodiscard]] const char* leave_own_programs(const char* shell);

}  // namespace labgpu
