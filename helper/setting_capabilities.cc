// Names of capabilities, and which of them are harmless or needed in a container.
#include "helper/setting_capabilities.h"

#include <algorithm>
#include <array>

#include "helper/text_list.h"

namespace labgpu {

namespace {

// linux/capability.h
constexpr std::array<std::string_view, 41> kCapabilities = {"CHOWN",
                                                            "DAC_OVERRIDE",
                                                            "DAC_READ_SEARCH",
                                                            "FOWNER",
                                                            "FSETID",
                                                            "KILL",
                                                            "SETGID",
                                                            "SETUID",
                                                            "SETPCAP",
                                                            "LINUX_IMMUTABLE",
                                                            "NET_BIND_SERVICE",
                                                            "NET_BROADCAST",
                                                            "NET_ADMIN",
                                                            "NET_RAW",
                                                            "IPC_LOCK",
                                                            "IPC_OWNER",
                                                            "SYS_MODULE",
                                                            "SYS_RAWIO",
                                                            "SYS_CHROOT",
                                                            "SYS_PTRACE",
                                                            "SYS_PACCT",
                                                            "SYS_ADMIN",
                                                            "SYS_BOOT",
                                                            "SYS_NICE",
                                                            "SYS_RESOURCE",
                                                            "SYS_TIME",
                                                            "SYS_TTY_CONFIG",
                                                            "MKNOD",
                                                            "LEASE",
                                                            "AUDIT_WRITE",
                                                            "AUDIT_CONTROL",
                                                            "SETFCAP",
                                                            "MAC_OVERRIDE",
                                                            "MAC_ADMIN",
                                                            "SYSLOG",
                                                            "WAKE_ALARM",
                                                            "BLOCK_SUSPEND",
                                                            "AUDIT_READ",
                                                            "PERFMON",
                                                            "BPF",
                                                            "CHECKPOINT_RESTORE"};

constexpr std::string_view kAll = "ALL";

// What Docker gives anyway (moby, oci/caps/defaults.go), and two that end at the container's own
// processes: SYS_PTRACE sees no further than its pid namespace, and memory that IPC_LOCK locks is
// within the container's limit.
constexpr std::array<std::string_view, 16> kHarmless = {
    "CHOWN",       "DAC_OVERRIDE", "FSETID",     "FOWNER",          "MKNOD",      "NET_RAW",
    "SETGID",      "SETUID",       "SETFCAP",    "SETPCAP",         "SYS_CHROOT", "KILL",
    "AUDIT_WRITE", "IPC_LOCK",     "SYS_PTRACE", "NET_BIND_SERVICE"};

// labgpu-init makes the account and its terminal, becomes the account, and ends its processes.
constexpr std::array<std::string_view, 6> kNeeded = {"CHOWN", "DAC_OVERRIDE", "FOWNER",
                                                     "KILL",  "SETGID",       "SETUID"};

template <typename Names>
bool has(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

Result<std::string> parse_capability(std::string_view text) {
  constexpr std::string_view kPrefix = "CAP_";
  std::string name(text);
  for (char& c : name) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  if (name.starts_with(kPrefix)) name.erase(0, kPrefix.size());
  if (name == kAll || has(kCapabilities, name)) return name;
  return fail(ErrorCode::kInvalid, "\"" + std::string(text) +
                                       "\" must be a capability of Linux, such as SYS_PTRACE "
                                       "(capabilities(7) has them all), or ALL");
}

Result<void> check_added_capabilities(const std::vector<std::string>& added,
                                      std::span<const std::string> allowed) {
  for (const auto& name : added) {
    if (has(kHarmless, name) || has(allowed, name) || has(allowed, kAll)) continue;
    return fail(ErrorCode::kInvalid,
                "cannot have " + name +
                    ", with which a container's root can reach the server or other containers, "
                    "unless labgpu.json has it in \"allowCapabilities\"; allowed are " +
                    join(kHarmless, ", ") + (allowed.empty() ? "" : ", " + join(allowed, ", ")));
  }
  return {};
}

Result<void> check_dropped_capabilities(const std::vector<std::string>& dropped) {
  for (const auto& name : dropped) {
    if (name != kAll && !has(kNeeded, name)) continue;
    return fail(ErrorCode::kInvalid, "cannot have " + name + ", as labgpu needs " +
                                         join(kNeeded, ", ") + " to let anybody log in");
  }
  return {};
}

}  // namespace labgpu
