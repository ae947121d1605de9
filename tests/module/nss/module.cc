// Loads the module by its path.
#include "tests/module/nss/module.h"

#include <dlfcn.h>

#include <stdexcept>

namespace labgpu::test {

namespace {

template <typename Function>
void look_up(void* library, const char* name, Function& function) {
  void* address = dlsym(library, name);
  if (address == nullptr) throw std::runtime_error(dlerror());
  function = reinterpret_cast<Function>(address);
}

NssModule load() {
  void* library = dlopen(LABGPU_NSS_MODULE, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw std::runtime_error(dlerror());
  NssModule module{};
  look_up(library, "_nss_labgpu_getpwnam_r", module.getpwnam_r);
  look_up(library, "_nss_labgpu_getpwuid_r", module.getpwuid_r);
  look_up(library, "_nss_labgpu_setpwent", module.setpwent);
  look_up(library, "_nss_labgpu_getpwent_r", module.getpwent_r);
  look_up(library, "_nss_labgpu_endpwent", module.endpwent);
  look_up(library, "_nss_labgpu_getgrnam_r", module.getgrnam_r);
  look_up(library, "_nss_labgpu_getgrgid_r", module.getgrgid_r);
  look_up(library, "_nss_labgpu_setgrent", module.setgrent);
  look_up(library, "_nss_labgpu_getgrent_r", module.getgrent_r);
  look_up(library, "_nss_labgpu_endgrent", module.endgrent);
  look_up(library, "_nss_labgpu_getspnam_r", module.getspnam_r);
  look_up(library, "_nss_labgpu_setspent", module.setspent);
  look_up(library, "_nss_labgpu_getspent_r", module.getspent_r);
  look_up(library, "_nss_labgpu_endspent", module.endspent);
  look_up(library, "_nss_labgpu_initgroups_dyn", module.initgroups_dyn);
  return module;
}

}  // namespace

const NssModule& nss_module() {
  static const NssModule module = load();
  return module;
}

}  // namespace labgpu::test
