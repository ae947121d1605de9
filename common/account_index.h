// Read-only look-ups in the account index that the helper writes: who does labgpu manage?
//
// The files are constant databases in D. J. Bernstein's cdb format (https://cr.yp.to/cdb/cdb.txt),
// so that `cdb -q` and `cdb -d` of tinycdb read them too. Keys and values (docs/PROTOCOL.md, "The
// index"):
//   passwd.cdb  "=name" and "#uid"  a passwd(5) line; by uid also of users of containers, whose
//                                   names have a '+' (common/index_record.h)
//   group.cdb   "=name" and "#gid"  a group(5) line;  "@user"  the user's further gids, "1,2,3"
//   shadow.cdb  "=name"             a shadow(5) line
// and a directory "names" with an empty file for each account.
//
// Every call opens, reads with pread(2) and closes: nothing is cached or mapped, so it is safe in
// any thread, after fork, and while the file is replaced; a file cut short in place cannot raise
// SIGBUS. Errors are errno numbers: ENOENT not in the index, or there is no index; ERANGE the
// buffer is too small; EBADMSG the index is damaged; anything else from open(2) or pread(2).
#pragma once

#include <stdint.h>

#include <span>
#include <string_view>

namespace labgpu {

// One account; the texts borrow from the caller's buffer and are NUL-terminated there.
struct IndexedAccount {
  std::string_view name;
  uint32_t uid = 0;
  uint32_t gid = 0;
  std::string_view real_name;
  std::string_view home;
  std::string_view shell;
};

// Never answers for uid or gid 0, whatever the file says.
[[nodiscard]] int find_account(const char* index, std::string_view name, std::span<char> buffer,
                               IndexedAccount& out);
[[nodiscard]] int find_account(const char* index, uint32_t uid, std::span<char> buffer,
                               IndexedAccount& out);

// The account in a line of the passwd index (common/index_record.h), which is cut into its fields
// in place. Strict: 7 fields, a proper name with its password field, ids that are neither 0 nor -1,
// plain paths; else EBADMSG.
[[nodiscard]] int parse_account(std::span<char> line, IndexedAccount& out);

}  // namespace labgpu
