// What the module remembers on a PAM handle, from one entry point to the next.
#pragma once

#include <security/pam_modules.h>
#include <sys/types.h>

#include "pam_labgpu/helper_client.h"
#include "pam_labgpu/ownership.h"

namespace labgpu {

// Its existence says two things: the handle's user is managed, and setcred was called. It belongs
// to libpam (pam_set_data) and goes with the handle, closing what it holds. After fork each process
// has its own copy of the object and of the descriptors; neither sees the other's changes.
struct SessionData {
  Ownership ownership;   // as of the first setcred
  pid_t owner = 0;       // the process that called setcred first and opens the session
  bool open = false;     // open_session succeeded, with a container or detached
  bool entered = false;  // this process is in the login view
  OpenedSession session;
};

// The handle's data, or nullptr. Borrowed; valid until pam_end.
[[nodiscard]] SessionData* find_session_data(const pam_handle_t* pamh);

// Gives the handle its data, with this process as the owner; nullptr when memory ran out. The
// account in `ownership` is there.
[[nodiscard]] SessionData* make_session_data(pam_handle_t* pamh, const Ownership& ownership);

// Closes what `data` holds of a session, in this process.
void drop_session(SessionData& data);

}  // namespace labgpu
