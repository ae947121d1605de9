// The passwd database: look-ups by name and uid, and the walk.
#include <errno.h>

#include "common/account_index.h"
#include "common/paths.h"
#include "nss_labgpu/answer.h"
#include "nss_labgpu/entry_points.h"
#include "nss_labgpu/enumeration.h"

namespace {

using labgpu::answer;
using labgpu::c_text;
using labgpu::IndexedAccount;

constinit labgpu::Enumeration walk(labgpu::kPasswdIndex);

void fill(const IndexedAccount& account, passwd& out) {
  out.pw_name = c_text(account.name);
  // The field behind the name is the password's "x".
  out.pw_passwd = c_text(account.name) + account.name.size() + 1;
  out.pw_uid = account.uid;
  out.pw_gid = account.gid;
  out.pw_gecos = c_text(account.real_name);
  out.pw_dir = c_text(account.home);
  out.pw_shell = c_text(account.shell);
}

// `key` is a name or a uid.
template <typename Key>
int find(const Key& key, std::span<char> buffer, passwd& out) {
  IndexedAccount account;
  int error = labgpu::find_account(labgpu::kPasswdIndex, key, buffer, account);
  if (error == 0) fill(account, out);
  return error;
}

}  // namespace

nss_status _nss_labgpu_getpwnam_r(const char* name, passwd* result, char* buffer, size_t size,
                                  int* errnop) {
  return answer(errnop, [&] { return find(std::string_view(name), {buffer, size}, *result); });
}

nss_status _nss_labgpu_getpwuid_r(uid_t uid, passwd* result, char* buffer, size_t size,
                                  int* errnop) {
  return answer(errnop, [&] { return find(uint32_t{uid}, {buffer, size}, *result); });
}

nss_status _nss_labgpu_setpwent(int) { return labgpu::status_of(walk.rewind()); }

nss_status _nss_labgpu_endpwent() { return labgpu::status_of(walk.rewind()); }

nss_status _nss_labgpu_getpwent_r(passwd* result, char* buffer, size_t size, int* errnop) {
  return answer(errnop, [&] {
    return walk.next({buffer, size}, [&](std::string_view name, std::span<char> line) {
      IndexedAccount account;
      int error = labgpu::parse_account(line, account);
      if (error != 0) return error;
      if (account.name != name) return EBADMSG;
      fill(account, *result);
      return 0;
    });
  });
}
