// What runs in a container, as the kernel tells it: no question to Docker.
#pragma once

#include <string>

#include "helper/containers.h"
#include "helper/error.h"

namespace labgpu {

inline constexpr char kCgroups[] = "/sys/fs/cgroup";

// Whether any process but init is in the container's cgroup or below it: commands of sessions, what
// they left in the background, and what `docker exec` started. A zombie does not count: it is not
// in cgroup.procs (the kernel's Documentation/admin-guide/cgroup-v2.rst). `cgroups` is where the
// hierarchies of version 1 or the one of version 2 are mounted.
Result<bool> runs_something(const RunningContainer& container,
                            const std::string& cgroups = kCgroups);

// Whether a process outside of the container is in its network namespace: a login that only
// forwards is one of sshd's, which the helper does not know when it was restarted meanwhile. Looks
// at every process of the host.
bool network_is_shared(const RunningContainer& container);

}  // namespace labgpu
