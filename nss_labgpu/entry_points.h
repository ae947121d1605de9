// The functions that glibc looks up in libnss_labgpu.so.2 by name.
//
// The contract is glibc's ("NSS Module Function Internals" in its manual). The module lives in
// every process of the server, in any thread and between fork and exec, so every entry point
// - answers from the index files alone: no socket, no lock to wait for, no cache, no thread-local
//   state, no descriptor kept open, no heap but for the array that initgroups_dyn must enlarge;
// - answers only for what the index holds, and never for uid or gid 0;
// - leaves errno as it was, but for the error it reports through `errnop`;
// - puts all texts into the caller's buffer: too small is TRYAGAIN with ERANGE, always before
//   `result` is touched.
// Status: NOTFOUND with ENOENT when the index has no such entry or there is no index; TRYAGAIN when
// the process is short of descriptors or memory; UNAVAIL for an index that is damaged or not
// readable.
#pragma once

#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <shadow.h>
#include <stddef.h>
#include <sys/types.h>

// NOLINTBEGIN(bugprone-reserved-identifier): glibc prescribes the names.
#pragma GCC visibility push(default)
extern "C" {

nss_status _nss_labgpu_getpwnam_r(const char* name, passwd* result, char* buffer, size_t size,
                                  int* errnop);
nss_status _nss_labgpu_getpwuid_r(uid_t uid, passwd* result, char* buffer, size_t size,
                                  int* errnop);
nss_status _nss_labgpu_setpwent(int stay_open);
nss_status _nss_labgpu_getpwent_r(passwd* result, char* buffer, size_t size, int* errnop);
nss_status _nss_labgpu_endpwent();

nss_status _nss_labgpu_getgrnam_r(const char* name, group* result, char* buffer, size_t size,
                                  int* errnop);
nss_status _nss_labgpu_getgrgid_r(gid_t gid, group* result, char* buffer, size_t size, int* errnop);
nss_status _nss_labgpu_setgrent(int stay_open);
nss_status _nss_labgpu_getgrent_r(group* result, char* buffer, size_t size, int* errnop);
nss_status _nss_labgpu_endgrent();

nss_status _nss_labgpu_getspnam_r(const char* name, spwd* result, char* buffer, size_t size,
                                  int* errnop);
nss_status _nss_labgpu_setspent(int stay_open);
nss_status _nss_labgpu_getspent_r(spwd* result, char* buffer, size_t size, int* errnop);
nss_status _nss_labgpu_endspent();

// Adds the groups of `user` other than `primary` to the array *groups, which holds *start entries,
// has room for *size and came from malloc(3); it grows up to `limit` entries, 0 for no limit.
nss_status _nss_labgpu_initgroups_dyn(const char* user, gid_t primary, long* start, long* size,
                                      gid_t** groups, long limit, int* errnop);
}
#pragma GCC visibility pop
// NOLINTEND(bugprone-reserved-identifier)
