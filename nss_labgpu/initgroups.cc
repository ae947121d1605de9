// The further groups of an account, for initgroups(3) and getgrouplist(3).
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/index_record.h"
#include "common/paths.h"
#include "nss_labgpu/answer.h"
#include "nss_labgpu/entry_points.h"

namespace {

using labgpu::IndexKey;

// Longer than any list the helper writes (helper/index_writer.h).
constexpr size_t kMaxGroupList = 1024;

// glibc's growing array of gids; see entry_points.h.
struct GroupArray {
  long* start;
  long* size;
  gid_t** groups;
  long limit;

  [[nodiscard]] bool full() const { return limit > 0 && *start >= limit; }

  [[nodiscard]] bool append(gid_t gid) const {
    if (*start == *size) {
      long larger = *size > 0 ? *size * 2 : 16;
      if (limit > 0 && larger > limit) larger = limit;
      auto* grown =
          static_cast<gid_t*>(reallocarray(*groups, static_cast<size_t>(larger), sizeof(gid_t)));
      if (grown == nullptr) return false;
      *groups = grown;
      *size = larger;
    }
    (*groups)[(*start)++] = gid;
    return true;
  }
};

// Appends the gids of "1,2,3". At the limit it stops, which is success (initgroups(3) sets what
// fits).
int append_groups(std::string_view list, gid_t primary, const GroupArray& array) {
  size_t begin = 0;
  while (begin <= list.size()) {
    size_t end = begin;
    while (end < list.size() && list[end] != ',') ++end;
    uint32_t gid = 0;
    if (!labgpu::parse_account_id({list.data() + begin, end - begin}, gid)) return EBADMSG;
    if (array.full()) return 0;
    if (gid != primary && !array.append(gid)) return ENOMEM;
    begin = end + 1;
  }
  return 0;
}

// Most who are asked about are not labgpu's: root's logins, cron jobs. One system call finds that
// out, where the index takes five; the helper keeps a file for each name that the index has.
bool is_surely_absent(std::string_view user) {
  char path[sizeof labgpu::kIndexedNames + 1 + labgpu::kMaxUserName] = {};
  char* end = stpcpy(stpcpy(path, labgpu::kIndexedNames), "/");
  memcpy(end, user.data(), user.size());
  return access(path, F_OK) != 0 && errno == ENOENT;
}

int find_and_append(std::string_view user, gid_t primary, const GroupArray& array) {
  if (!labgpu::is_user_name(user) || is_surely_absent(user)) return ENOENT;
  char buffer[kMaxGroupList];
  std::span<char> list;
  int error = labgpu::find_line(labgpu::kGroupIndex,
                                IndexKey::of_name(user, IndexKey::kFurtherGroups), buffer, list);
  if (error == ERANGE) return EBADMSG;  // the caller has no buffer to enlarge
  if (error != 0) return error;
  return append_groups({list.data(), list.size()}, primary, array);
}

}  // namespace

nss_status _nss_labgpu_initgroups_dyn(const char* user, gid_t primary, long* start, long* size,
                                      gid_t** groups, long limit, int* errnop) {
  return labgpu::answer(errnop, [&] {
    return find_and_append(user, primary, GroupArray{start, size, groups, limit});
  });
}
