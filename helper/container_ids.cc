// Reads what Docker and /etc/subuid say of the range.
#include "helper/container_ids.h"

#include <algorithm>
#include <sstream>
#include <string_view>

#include "common/parse.h"
#include "helper/read_file.h"

namespace labgpu {

namespace {

// How many ids the range of subuid(5) that begins with `first` has: lines "user:first:count".
// Docker maps a user's ranges one after the other, so the first of them begins with root's id; a
// further one is left out.
uint32_t range_size(const std::string& path, uint32_t first) {
  auto text = read_file(path);
  if (!text) return 1;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    auto count_at = line.rfind(':');
    auto first_at = count_at == 0 || count_at == std::string::npos ? std::string::npos
                                                                   : line.rfind(':', count_at - 1);
    if (first_at == std::string::npos) continue;
    std::string_view view = line;
    uint32_t begin = 0;
    uint32_t count = 0;
    if (!parse_u32(view.substr(first_at + 1, count_at - first_at - 1), begin) ||
        !parse_u32(view.substr(count_at + 1), count)) {
      continue;
    }
    // An id is never 2^32 - 1, which means "no id".
    if (begin == first && count > 0) return std::min(count, UINT32_MAX - first);
  }
  return 1;
}

}  // namespace

std::optional<ContainerIds> find_container_ids(const std::vector<std::string>& options,
                                               std::string_view directory,
                                               const std::string& root) {
  if (std::find(options.begin(), options.end(), "name=userns") == options.end()) {
    return std::nullopt;
  }
  // A daemon that remaps has a directory of its own below the one it was given, "UID.GID", named
  // after the ids of containers' root (moby, daemon/daemon_unix.go, setupDaemonRoot).
  auto name = directory.substr(directory.find_last_of('/') + 1);
  auto dot = name.find('.');
  ContainerIds ids;
  if (dot == std::string_view::npos || !parse_u32(name.substr(0, dot), ids.first_uid) ||
      !parse_u32(name.substr(dot + 1), ids.first_gid) || ids.first_uid == 0 || ids.first_gid == 0 ||
      ids.first_uid == UINT32_MAX || ids.first_gid == UINT32_MAX) {
    return std::nullopt;
  }
  ids.uids = range_size(root + "/etc/subuid", ids.first_uid);
  ids.gids = range_size(root + "/etc/subgid", ids.first_gid);
  return ids;
}

}  // namespace labgpu
