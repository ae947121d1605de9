// Memory of control groups, of either version.
#include "helper/container_memory.h"

#include <algorithm>
#include <string_view>

#include "common/parse.h"
#include "helper/read_file.h"
#include "helper/text_list.h"

namespace labgpu {

namespace {

// Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst.
struct MemoryFiles {
  std::string_view controllers;  // in /proc/PID/cgroup, "ID:CONTROLLERS:PATH"
  std::string_view hierarchy;
  std::string_view usage;
  std::string_view cache;  // the field of memory.stat
};
constexpr MemoryFiles kVersions[] = {
    {"memory", "/sys/fs/cgroup/memory", "/memory.usage_in_bytes", "total_inactive_file "},
    {"", "/sys/fs/cgroup", "/memory.current", "inactive_file "},
};

// A process has an entry of version 2 also where the memory controller is version 1's.
std::optional<std::string> path_of(std::string_view entries, std::string_view controllers) {
  for (auto entry : split(entries, '\n')) {
    entry.remove_prefix(entry.find(':') + 1);  // npos + 1 is 0
    if (take_until(entry, ':') == controllers && entry.starts_with('/')) return std::string(entry);
  }
  return std::nullopt;
}

std::optional<uint64_t> number_in(const std::string& path, std::string_view before = {}) {
  auto text = read_file(path);
  if (!text) return std::nullopt;
  for (auto line : split(*text, '\n')) {
    uint64_t number = 0;
    if (line.starts_with(before) && parse_u64(line.substr(before.size()), number)) return number;
  }
  return std::nullopt;
}

}  // namespace

std::optional<uint64_t> memory_in_use(pid_t process, const std::string& root) {
  auto entries = read_file(root + "/proc/" + std::to_string(process) + "/cgroup");
  if (!entries) return std::nullopt;
  for (const auto& version : kVersions) {
    auto path = path_of(*entries, version.controllers);
    if (!path) continue;
    auto group = root + std::string(version.hierarchy) + *path;
    auto usage = number_in(group + std::string(version.usage));
    auto cache = number_in(group + "/memory.stat", version.cache);
    if (usage) return *usage - std::min(*usage, cache.value_or(0));
  }
  return std::nullopt;
}

}  // namespace labgpu
