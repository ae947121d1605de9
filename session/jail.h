// What the session command gives up before it reads the first byte from inside a container.
#pragma once

namespace labgpu {

// From here on this process can only do what the rest of a session needs: use the descriptors that
// it has and those that `init`, the connection to the container's init, brings; and end. It has no
// capabilities, can open, make, execute and connect to nothing, starts no process, signals none but
// itself and leaves no core. A system call that is not foreseen ends it with SIGSYS, which the
// kernel logs.
//
// The process must have no_new_privs and one thread. Returns 0, or the errno number of what failed:
// then it is confined in part, and must end without going on.
[[nodiscard]] int enter_jail(int init);

}  // namespace labgpu
