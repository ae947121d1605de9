// The setting mounts: directories of the server that a container shows, and those that it must not.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>

#include "helper/error.h"

namespace labgpu {

// A host directory shown in the container. `{user}` in either path stands for the account's name.
struct Mount {
  std::string source;
  std::string target;
  bool read_only = false;
  bool operator==(const Mount&) const = default;
};

// "/data", "/source:/target", "/data:ro" or "/source:/target:ro"; {user} is left for later.
Result<Mount> parse_mount(std::string_view text);
std::string to_text(const Mount& mount);

// The same as a text, or {"source", "target", "readOnly"}.
Result<Mount> mount_from_json(const nlohmann::json& value);
nlohmann::json to_json(const Mount& mount);

// As Docker takes it.
nlohmann::json bind_mount(const Mount& mount);

// Refuses what gives a container the server itself: its own system's directories, everything in
// them and everything above them, and `also`, in the same way. The paths must be plain; links are
// not followed.
Result<void> check_mount_source(const Mount& mount, std::span<const std::string> also);

// Refuses a source that is or goes through a symbolic link now. One that is not there is fine.
Result<void> check_mount_links(const Mount& mount);

// Refuses what would hide the container's own system, labgpu's part of it or `home`.
Result<void> check_mount_target(const std::string& target, const std::string& home);

}  // namespace labgpu
