// What accounts of the host that get containers need besides.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/setup/bridge_groups.h"
#include "cli/setup/host_checks.h"
#include "cli/setup/sshd_config_test.h"

namespace labgpu {

// Nothing without such groups. `root` is the directory that stands for "/": of another one than the
// running system's no group is looked up. `drop_in` is sshd's drop-in, "" for none.
std::vector<Finding> check_bridge(const std::string& root, const ConfiguredBridge& bridge,
                                  const std::string& drop_in);

// One that gets a container, as the running system's groups list them.
std::optional<std::string> any_member_of(const ConfiguredBridge& bridge);
bool is_listed_in(const ConfiguredBridge& bridge, const std::string& user);

// The home of one of them, when the file system lets set-user-ID programs in it count; else "".
std::string home_with_programs_of_root(const ConfiguredBridge& bridge);

// Where sshd looks for people's keys by `settings`, and would not any more for members: the drop-in
// has files of its own. Empty: nowhere else.
std::string keys_left_behind(const SshdSettings& settings);

}  // namespace labgpu
