// Which ids of the host the users of containers have when Docker runs containers in a user
// namespace (its option userns-remap): one range for all containers of the server.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace labgpu {

// The container's id 0 is the first, its id N the first + N.
struct ContainerIds {
  uint32_t first_uid = 0;
  uint32_t first_gid = 0;
  uint32_t uids = 0;  // how many
  uint32_t gids = 0;
  bool operator==(const ContainerIds&) const = default;
};

// Nothing when ids are the same inside and outside. Docker's description of itself says that it
// remaps, in its security options, and from which id, in the name of its root directory; how far
// the range goes stands in subuid(5) and subgid(5). Where these have no range that begins there,
// only root's id is known. `root` goes before their paths; tests set it.
std::optional<ContainerIds> find_container_ids(const std::vector<std::string>& security_options,
                                               std::string_view root_directory,
                                               const std::string& root = {});

}  // namespace labgpu
