// Accounts from the passwd index.
#include "common/account_index.h"

#include <errno.h>

#include "common/index_record.h"
#include "common/parse.h"

namespace labgpu {

int parse_account(std::span<char> line, IndexedAccount& out) {
  std::string_view fields[7];
  if (!split_fields(line, ':', fields)) return EBADMSG;
  auto [name, password, uid, gid, real_name, home, shell] = fields;
  IndexedAccount account{.name = name, .real_name = real_name, .home = home, .shell = shell};
  if (!may_begin_line(name, password) || !parse_account_id(uid, account.uid) ||
      !parse_account_id(gid, account.gid) || !is_plain_path(home) || !is_plain_path(shell)) {
    return EBADMSG;
  }
  out = account;
  return 0;
}

namespace {

int find_by_key(const char* index, const IndexKey& key, std::span<char> buffer,
                IndexedAccount& out) {
  std::span<char> line;
  int error = find_line(index, key, buffer, line);
  return error != 0 ? error : parse_account(line, out);
}

}  // namespace

int find_account(const char* index, std::string_view name, std::span<char> buffer,
                 IndexedAccount& out) {
  if (!is_user_name(name)) return ENOENT;
  IndexedAccount account;
  int error = find_by_key(index, IndexKey::of_name(name), buffer, account);
  if (error != 0) return error;
  if (account.name != name) return EBADMSG;
  out = account;
  return 0;
}

int find_account(const char* index, uint32_t uid, std::span<char> buffer, IndexedAccount& out) {
  if (!is_account_id(uid)) return ENOENT;
  IndexedAccount account;
  int error = find_by_key(index, IndexKey::of_id(uid), buffer, account);
  if (error != 0) return error;
  if (account.uid != uid) return EBADMSG;
  out = account;
  return 0;
}

}  // namespace labgpu
