// A container as the administration tells it.
#pragma once

#include <string>

#include "helper/container_changes.h"
#include "helper/containers.h"
#include "helper/docker_types.h"

namespace labgpu {

ContainerStatus describe_container(std::string user, const ContainerDetails& details,
                                   const ContainerChanges& changes);

}  // namespace labgpu
