// The bridge's policy and its accounts, from the index.
#include "common/bridge_index.h"

#include <errno.h>

#include "common/index_record.h"

namespace labgpu {

int BridgeIndex::policy(std::span<char> buffer, BridgePolicy& out) const {
  CdbRecord record;
  int error = reader_.find(kBridgePolicyKey, record);
  if (error == ENOENT) return EBADMSG;
  if (error != 0) return error;
  std::span<char> line;
  error = read_line(reader_, record, buffer, line);
  if (error != 0) return error;
  std::string_view fields[2];
  uint32_t first_uid = 0;
  if (!split_fields(line, ':', fields) || !parse_account_id(fields[0], first_uid)) return EBADMSG;
  out = BridgePolicy{.first_uid = first_uid, .groups = fields[1]};
  return 0;
}

int BridgeIndex::knows(std::string_view name, uint32_t uid) const {
  CdbRecord record;
  int error = ENOENT;
  if (is_user_name(name)) error = reader_.find(IndexKey::of_name(name).text(), record);
  if (error == ENOENT) error = reader_.find(IndexKey::of_id(uid).text(), record);
  return error;
}

}  // namespace labgpu
