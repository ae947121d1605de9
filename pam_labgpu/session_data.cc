// Keeps the module's data on a PAM handle.
#include "pam_labgpu/session_data.h"

#include <stdlib.h>
#include <unistd.h>

#include <new>

namespace labgpu {

namespace {

constexpr char kDataName[] = "labgpu_session";

// libpam calls it at pam_end: in sshd's monitor, and in nobody's child (OpenSSH auth-pam.c,
// sshpam_cleanup). Wherever else it is called, it closes that process's copies only.
void destroy(pam_handle_t*, void* data, int) {
  static_cast<SessionData*>(data)->~SessionData();
  free(data);
}

}  // namespace

SessionData* find_session_data(const pam_handle_t* pamh) {
  const void* data = nullptr;
  if (pam_get_data(pamh, kDataName, &data) != PAM_SUCCESS) return nullptr;
  return static_cast<SessionData*>(const_cast<void*>(data));
}

SessionData* make_session_data(pam_handle_t* pamh, const Ownership& ownership) {
  void* memory = malloc(sizeof(SessionData));
  if (memory == nullptr) return nullptr;
  auto* data = new (memory) SessionData;
  data->ownership = ownership;
  data->owner = getpid();
  if (pam_set_data(pamh, kDataName, data, destroy) == PAM_SUCCESS) return data;
  destroy(pamh, data, 0);
  return nullptr;
}

void drop_session(SessionData& data) {
  data.open = false;
  data.session = OpenedSession{};
}

}  // namespace labgpu
