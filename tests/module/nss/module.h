// The built module as dlopen(3) sees it.
#pragma once

#include "nss_labgpu/entry_points.h"

namespace labgpu::test {

// The entry points, found by name in the loaded file. Loaded once and, being nodelete, for good.
struct NssModule {
  decltype(&_nss_labgpu_getpwnam_r) getpwnam_r;
  decltype(&_nss_labgpu_getpwuid_r) getpwuid_r;
  decltype(&_nss_labgpu_setpwent) setpwent;
  decltype(&_nss_labgpu_getpwent_r) getpwent_r;
  decltype(&_nss_labgpu_endpwent) endpwent;
  decltype(&_nss_labgpu_getgrnam_r) getgrnam_r;
  decltype(&_nss_labgpu_getgrgid_r) getgrgid_r;
  decltype(&_nss_labgpu_setgrent) setgrent;
  decltype(&_nss_labgpu_getgrent_r) getgrent_r;
  decltype(&_nss_labgpu_endgrent) endgrent;
  decltype(&_nss_labgpu_getspnam_r) getspnam_r;
  decltype(&_nss_labgpu_setspent) setspent;
  decltype(&_nss_labgpu_getspent_r) getspent_r;
  decltype(&_nss_labgpu_endspent) endspent;
  decltype(&_nss_labgpu_initgroups_dyn) initgroups_dyn;
};

// Throws when the module or one of its entry points is missing.
const NssModule& nss_module();

}  // namespace labgpu::test
