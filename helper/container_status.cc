// From Docker's description of a container to labgpu's.
#include "helper/container_status.h"

#include <utility>

namespace labgpu {

ContainerStatus describe_container(std::string user, const ContainerDetails& details,
                                   const ContainerChanges& changes) {
  ContainerStatus status;
  status.user = std::move(user);
  status.name = details.name;
  status.id = details.id;
  status.state = ContainerState::kStopped;
  status.image = details.image;
  status.rebuild = changes.rebuild;
  status.pending = changes.live;
  for (const PublishedPort& published : details.ports) {
    auto port = parse_port(published.host + ":" + published.container);
    if (port) status.ports.push_back(*port);
  }
  if (details.state == "running") {
    status.state = ContainerState::kRunning;
    status.started_at = details.started_at;
    status.address = details.address;
  }
  return status;
}

}  // namespace labgpu
