// The index's records: their keys, and their values as lines of fields in a caller's buffer.
//
// What the passwd, group and shadow look-ups share. Errors are those of common/account_index.h.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <span>
#include <string_view>

#include "common/cdb_reader.h"
#include "common/parse.h"

namespace labgpu {

// A key such as "=alice" or "#20001", held by value.
class IndexKey {
 public:
  static constexpr char kByName = '=';
  static constexpr char kFurtherGroups = '@';

  // `name` must be a user name (common/parse.h).
  static IndexKey of_name(std::string_view name, char kind = kByName);
  static IndexKey of_id(uint32_t id);
  [[nodiscard]] std::string_view text() const { return {text_, size_}; }

 private:
  char text_[1 + kMaxUserName] = {};
  size_t size_ = 0;
};

// Reads the record's value into `buffer` as a text with a NUL behind it; `line` borrows from the
// buffer and leaves the NUL out. A value with a control character in it is EBADMSG.
[[nodiscard]] int read_line(const CdbReader& reader, const CdbRecord& record,
                            std::span<char> buffer, std::span<char>& line);

// Opens `index`, finds `key` and reads its line.
[[nodiscard]] int find_line(const char* index, const IndexKey& key, std::span<char> buffer,
                            std::span<char>& line);

// The users of containers, where Docker remaps their ids: "alice+container". They can be asked for
// by id alone, so that "ls" and "ps" show names and nobody can log in by one. No user name has a
// '+' in it (common/parse.h), so such a name can be nobody else's either.
inline constexpr std::string_view kContainerUserSuffix = "+container";

// Whether `name` and `password` may begin a passwd or group line: a user name with "x", for which a
// shadow line counts, or with "*", which no password matches; the name of a container's user with
// "*" alone.
[[nodiscard]] bool may_begin_line(std::string_view name, std::string_view password);

// Cuts `line`, which has a NUL behind it, at every `separator`: as many fields as `fields` has room
// for and no other number, each with a NUL behind it.
[[nodiscard]] bool split_fields(std::span<char> line, char separator,
                                std::span<std::string_view> fields);

// A uid or gid that an account of labgpu may have: not root's, and not the -1 that chown(2) and
// setresuid(2) take for "leave it".
[[nodiscard]] constexpr bool is_account_id(uint32_t id) { return id != 0 && id != UINT32_MAX; }
[[nodiscard]] bool parse_account_id(std::string_view text, uint32_t& id);

}  // namespace labgpu
