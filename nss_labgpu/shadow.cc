// The shadow database, which root and group shadow alone can open: look-up by name, and the walk.
#include <errno.h>
#include <limits.h>

#include "common/index_record.h"
#include "common/paths.h"
#include "nss_labgpu/answer.h"
#include "nss_labgpu/entry_points.h"
#include "nss_labgpu/enumeration.h"

namespace {

using labgpu::answer;
using labgpu::c_text;

constinit labgpu::Enumeration walk(labgpu::kShadowIndex);

// A count of days; an empty field is -1, "no such rule" (shadow(5), getspnam(3)).
bool parse_days(std::string_view text, long& days) {
  uint32_t value = 0;
  if (!text.empty() && !labgpu::parse_u32(text, value)) return false;
  days = text.empty() ? -1 : static_cast<long>(value);
  return true;
}

int pack(std::string_view name, std::span<char> line, spwd& out) {
  std::string_view fields[9];
  if (!labgpu::split_fields(line, ':', fields)) return EBADMSG;
  auto [found_name, hash, changed, minimum, maximum, warning, inactive, expiry, flag] = fields;
  spwd entry{};
  uint32_t flags = 0;
  if (found_name != name || !parse_days(changed, entry.sp_lstchg) ||
      !parse_days(minimum, entry.sp_min) || !parse_days(maximum, entry.sp_max) ||
      !parse_days(warning, entry.sp_warn) || !parse_days(inactive, entry.sp_inact) ||
      !parse_days(expiry, entry.sp_expire) || (!flag.empty() && !labgpu::parse_u32(flag, flags))) {
    return EBADMSG;
  }
  entry.sp_namp = c_text(found_name);
  entry.sp_pwdp = c_text(hash);
  entry.sp_flag = flag.empty() ? ULONG_MAX : flags;
  out = entry;
  return 0;
}

int find(std::string_view name, std::span<char> buffer, spwd& out) {
  if (!labgpu::is_user_name(name)) return ENOENT;
  std::span<char> line;
  int error =
      labgpu::find_line(labgpu::kShadowIndex, labgpu::IndexKey::of_name(name), buffer, line);
  return error != 0 ? error : pack(name, line, out);
}

}  // namespace

nss_status _nss_labgpu_getspnam_r(const char* name, spwd* result, char* buffer, size_t size,
                                  int* errnop) {
  return answer(errnop, [&] { return find(name, {buffer, size}, *result); });
}

nss_status _nss_labgpu_setspent(int) { return labgpu::status_of(walk.rewind()); }

nss_status _nss_labgpu_endspent() { return labgpu::status_of(walk.rewind()); }

nss_status _nss_labgpu_getspent_r(spwd* result, char* buffer, size_t size, int* errnop) {
  return answer(errnop, [&] {
    return walk.next({buffer, size}, [&](std::string_view name, std::span<char> line) {
      return pack(name, line, *result);
    });
  });
}
