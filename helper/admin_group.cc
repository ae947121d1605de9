// Which group administers.
#include "helper/admin_group.h"

#include <string>

#include "common/paths.h"
#include "helper/log.h"

namespace labgpu {

namespace {

std::optional<gid_t> nobody_but_root(LogLevel level, const std::string& why) {
  log(level, "nobody but root may administer labgpu: " + why);
  return std::nullopt;
}

}  // namespace

std::optional<gid_t> usable_admin_group(const Result<std::optional<gid_t>>& found, IdRange ids) {
  const std::string group = std::string("the group ") + kAdminGroupName;
  if (!found) {
    return nobody_but_root(LogLevel::kWarning, group + " is not found: " + found.error().message);
  }
  if (!*found) return nobody_but_root(LogLevel::kInfo, "there is no " + group.substr(4));
  if (**found >= ids.first && **found <= ids.last) {
    return nobody_but_root(LogLevel::kError,
                           group + " has the gid " + std::to_string(**found) +
                               ", which is among those that labgpu gives; give it another one");
  }
  return *found;
}

}  // namespace labgpu
