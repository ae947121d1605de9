// Compares the name service with the account index.
#include "pam_labgpu/managed.h"

#include <pwd.h>
#include <security/pam_modutil.h>
#include <string.h>

#include "common/account_index.h"
#include "common/paths.h"

namespace labgpu {

namespace {

bool is_indexed(const passwd& answer, const char* user) {
  char buffer[4096];
  IndexedAccount indexed;
  return find_account(kPasswdIndex, user, buffer, indexed) == 0 && indexed.uid == answer.pw_uid;
}

}  // namespace

bool is_managed(pam_handle_t* pamh, const char* user) {
  const passwd* answer = pam_modutil_getpwnam(pamh, user);
  if (answer == nullptr || answer->pw_uid == 0) return false;
  return strcmp(answer->pw_shell, kSessionCommand) == 0 || is_indexed(*answer, user);
}

bool has_password_here(pam_handle_t* pamh, const char* user) {
  const passwd* answer = pam_modutil_getpwnam(pamh, user);
  return answer != nullptr && answer->pw_uid != 0 && is_indexed(*answer, user);
}

}  // namespace labgpu
