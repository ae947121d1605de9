// The name of a container that stands aside while another one takes its place.
#pragma once

#include <optional>
#include <string>

#include "helper/docker_types.h"

namespace labgpu {

// "alice_container.ran-0123456789ab": its own name, whether it ran, and the beginning of its id, so
// that the name says everything to a helper that knows nothing of it. Of one that stands aside
// already, as nothing else let it be put back, the name is no longer.
std::string aside_name(const ContainerDetails& container);

struct WasBefore {
  std::string name;
  bool ran = false;
};
// What a container was before it was set aside; nullopt when it is not. Only labgpu names a
// container after its own id.
std::optional<WasBefore> was_before(const std::string& name, const std::string& id);
std::optional<WasBefore> was_before(const ContainerDetails& container);

}  // namespace labgpu
