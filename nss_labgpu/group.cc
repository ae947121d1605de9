// The group database: look-ups by name and gid, and the walk.
#include <errno.h>

#include "common/index_record.h"
#include "common/paths.h"
#include "nss_labgpu/answer.h"
#include "nss_labgpu/entry_points.h"
#include "nss_labgpu/enumeration.h"

namespace {

using labgpu::answer;
using labgpu::c_text;
using labgpu::IndexKey;

constinit labgpu::Enumeration walk(labgpu::kGroupIndex);

size_t count_members(std::string_view list) {
  if (list.empty()) return 0;
  size_t count = 1;
  for (char c : list) count += c == ',' ? 1 : 0;
  return count;
}

// Room for `count` pointers and the null pointer that ends them, in the rest of the buffer.
char** place_pointers(std::span<char> rest, size_t count) {
  auto misaligned = reinterpret_cast<uintptr_t>(rest.data()) % alignof(char*);
  size_t padding = misaligned == 0 ? 0 : alignof(char*) - misaligned;
  if (padding > rest.size() || (rest.size() - padding) / sizeof(char*) <= count) return nullptr;
  return reinterpret_cast<char**>(rest.data() + padding);
}

// Cuts the list at its commas; `pointers` has room for its members and the null pointer.
int split_members(std::string_view list, char** pointers) {
  char* start = c_text(list);
  char* end = start + list.size();
  while (start < end) {
    char* comma = start;
    while (comma < end && *comma != ',') ++comma;
    if (!labgpu::is_user_name({start, static_cast<size_t>(comma - start)})) return EBADMSG;
    *pointers++ = start;
    *comma = '\0';
    if (comma + 1 == end) return EBADMSG;
    start = comma + 1;
  }
  *pointers = nullptr;
  return 0;
}

// Makes `out` of a line at the start of `buffer`: "name:x:gid:member,member". Texts stay where they
// are; the member pointers go behind them.
int pack(std::span<char> line, std::span<char> buffer, group& out) {
  std::string_view fields[4];
  if (!labgpu::split_fields(line, ':', fields)) return EBADMSG;
  auto [name, password, gid_text, members] = fields;
  uint32_t gid = 0;
  if (!labgpu::may_begin_line(name, password) || !labgpu::parse_account_id(gid_text, gid)) {
    return EBADMSG;
  }
  char** pointers = place_pointers(buffer.subspan(line.size() + 1), count_members(members));
  if (pointers == nullptr) return ERANGE;
  int error = split_members(members, pointers);
  if (error != 0) return error;
  out.gr_name = c_text(name);
  out.gr_passwd = c_text(password);
  out.gr_gid = gid;
  out.gr_mem = pointers;
  return 0;
}

int find(const IndexKey& key, std::span<char> buffer, group& out) {
  std::span<char> line;
  int error = labgpu::find_line(labgpu::kGroupIndex, key, buffer, line);
  return error != 0 ? error : pack(line, buffer, out);
}

int find_name(std::string_view name, std::span<char> buffer, group& out) {
  if (!labgpu::is_user_name(name)) return ENOENT;
  group found{};
  int error = find(IndexKey::of_name(name), buffer, found);
  if (error != 0) return error;
  if (found.gr_name != name) return EBADMSG;
  out = found;
  return 0;
}

int find_gid(uint32_t gid, std::span<char> buffer, group& out) {
  if (!labgpu::is_account_id(gid)) return ENOENT;
  group found{};
  int error = find(IndexKey::of_id(gid), buffer, found);
  if (error != 0) return error;
  if (found.gr_gid != gid) return EBADMSG;
  out = found;
  return 0;
}

}  // namespace

nss_status _nss_labgpu_getgrnam_r(const char* name, group* result, char* buffer, size_t size,
                                  int* errnop) {
  return answer(errnop, [&] { return find_name(name, {buffer, size}, *result); });
}

nss_status _nss_labgpu_getgrgid_r(gid_t gid, group* result, char* buffer, size_t size,
                                  int* errnop) {
  return answer(errnop, [&] { return find_gid(gid, {buffer, size}, *result); });
}

nss_status _nss_labgpu_setgrent(int) { return labgpu::status_of(walk.rewind()); }

nss_status _nss_labgpu_endgrent() { return labgpu::status_of(walk.rewind()); }

nss_status _nss_labgpu_getgrent_r(group* result, char* buffer, size_t size, int* errnop) {
  return answer(errnop, [&] {
    std::span<char> room(buffer, size);
    return walk.next(room, [&](std::string_view name, std::span<char> line) {
      group found{};
      int error = pack(line, room, found);
      if (error != 0) return error;
      if (found.gr_name != name) return EBADMSG;
      *result = found;
      return 0;
    });
  });
}
