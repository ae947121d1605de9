// Cleans the PAM environment by a list of what may stay.
#include "pam_labgpu/environment.h"

#include <stdlib.h>
#include <string.h>

namespace labgpu {

namespace {

constexpr char kLocaleValueBytes[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.@-";

bool may_stay(const char* name, const char* value) {
  return (strcmp(name, "LANG") == 0 || strncmp(name, "LC_", 3) == 0) &&
         value[strspn(value, kLocaleValueBytes)] == '\0';
}

}  // namespace

bool scrub_environment(pam_handle_t* pamh) {
  char** list = pam_getenvlist(pamh);  // a copy of everything, ours to change and to free
  if (list == nullptr) return false;
  bool clean = true;
  for (char** entry = list; *entry != nullptr; ++entry) {
    char* equals = strchr(*entry, '=');
    if (equals != nullptr) {
      *equals = '\0';
      // pam_putenv(3): a name without '=' deletes the variable.
      if (!may_stay(*entry, equals + 1)) clean = pam_putenv(pamh, *entry) == PAM_SUCCESS && clean;
    }
    free(*entry);
  }
  free(list);
  return clean;
}

}  // namespace labgpu
