// Read-only look-ups in what the helper publishes about the bridge: which accounts of the host get
// a container (docs/PROTOCOL.md, "The index").
//
// A constant database as of common/cdb_reader.h:
//   "*"               "FIRST_UID:GROUP,GROUP": who is served
//   "=name" and "#uid"  an account of the host that labgpu keeps a record of
// Without a bridge there is no file. Errors are those of common/account_index.h.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <span>
#include <string_view>

#include "common/cdb_reader.h"
#include "common/parse.h"

namespace labgpu {

inline constexpr size_t kMaxBridgeGroups = 16;
inline constexpr std::string_view kBridgePolicyKey = "*";

// Which accounts of the host get a container: members of one of these groups, from that uid on.
struct BridgePolicy {
  uint32_t first_uid = 0;
  std::string_view groups{};  // with commas between; take_until() gives one after the other
};

// Holds one descriptor; every look-up reads the file as it was when it was opened.
class BridgeIndex {
 public:
  // Room for every policy that the helper writes.
  static constexpr size_t kPolicyRoom = kMaxBridgeGroups * (kMaxGroupName + 1) + 16;

  [[nodiscard]] int open(const char* path) { return reader_.open(path); }

  // `out` borrows from the buffer.
  [[nodiscard]] int policy(std::span<char> buffer, BridgePolicy& out) const;

  // 0 when labgpu keeps a record of an account of the host with that name, or with that uid.
  [[nodiscard]] int knows(std::string_view name, uint32_t uid) const;

 private:
  CdbReader reader_;
};

}  // namespace labgpu
