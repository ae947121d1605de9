// A container's first process, held so that its number cannot come to mean another one.
#pragma once

#include <sys/types.h>

#include <string>

#include "common/unique_fd.h"
#include "helper/error.h"

namespace labgpu {

struct ContainerProcess {
  UniqueFd pidfd;  // readable once the process has ended
  UniqueFd net_namespace;
  UniqueFd uts_namespace;
};

// Opens what Docker said is the init of the container `id`. Docker's word may be old, and the
// number taken again: the kernel has to agree that the process is that container's (its cgroup), is
// number 1 in its own pid namespace, and still lived after all was opened. Namespaces shared with
// the host are refused.
Result<ContainerProcess> open_container_process(pid_t pid, const std::string& id);

}  // namespace labgpu
