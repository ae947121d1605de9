// Remembers on the PAM handle whose account it is.
#include "pam_labgpu/ownership.h"

#include <grp.h>
#include <paths.h>
#include <security/pam_modutil.h>
#include <stdlib.h>
#include <string.h>

#include <new>

#include "common/parse.h"
#include "common/paths.h"
#include "pam_labgpu/handle.h"

namespace labgpu {

namespace {

constexpr char kDataName[] = "labgpu_ownership";

struct Remembered {
  char* user = nullptr;
  Ownership ownership;
};

void destroy(pam_handle_t*, void* data, int) {
  free(static_cast<Remembered*>(data)->user);
  free(data);
}

// Without memory it is found out again each time.
void remember(pam_handle_t* pamh, const char* user, const Ownership& ownership) {
  void* memory = malloc(sizeof(Remembered));
  if (memory == nullptr) return;
  // cppcheck-suppress legacyUninitvar  // it knows no placement new
  auto* data = new (memory) Remembered{.user = strdup(user), .ownership = ownership};
  if (data->user == nullptr || pam_set_data(pamh, kDataName, data, destroy) != PAM_SUCCESS) {
    destroy(pamh, data, 0);
  }
}

Ownership find_out(pam_handle_t* pamh, const char* user) {
  Ownership found;
  found.account = pam_modutil_getpwnam(pamh, user);
  if (found.account == nullptr) return found;
  found.owner = owner_of(*found.account);
  if (found.owner != Owner::kMember) return found;
  const group* primary = pam_modutil_getgrgid(pamh, found.account->pw_gid);
  if (primary != nullptr) found.group = primary->gr_name;
  return found;
}

}  // namespace

bool Ownership::has_session_command() const {
  return owner == Owner::kLabgpu && strcmp(account->pw_shell, kSessionCommand) == 0;
}

const char* Ownership::shell() const {
  return account->pw_shell[0] == '\0' ? _PATH_BSHELL : account->pw_shell;
}

bool Ownership::has_no_login() const {
  std::string_view path = shell();
  return has_suffix(path, "/nologin") || has_suffix(path, "/false");
}

HostAccount Ownership::describe() const {
  if (owner != Owner::kMember) return {};
  // The first field of what finger(1) shows; the others are telephone numbers and the like.
  std::string_view gecos = account->pw_gecos != nullptr ? account->pw_gecos : "";
  return {.origin = static_cast<uint8_t>(AccountOrigin::kHost),
          .uid = account->pw_uid,
          .gid = account->pw_gid,
          .group = group,
          .home = account->pw_dir,
          .real_name = take_until(gecos, ',')};
}

Ownership ownership_of(pam_handle_t* pamh) {
  const char* user = text_item(pamh, PAM_USER);
  const void* data = nullptr;
  if (pam_get_data(pamh, kDataName, &data) == PAM_SUCCESS) {
    const auto* remembered = static_cast<const Remembered*>(data);
    // Another module may have given the handle another user.
    if (strcmp(remembered->user, user) == 0) return remembered->ownership;
  }
  Ownership found = find_out(pamh, user);
  remember(pamh, user, found);
  return found;
}

bool has_password_here(pam_handle_t* pamh) {
  const passwd* account = pam_modutil_getpwnam(pamh, text_item(pamh, PAM_USER));
  return account != nullptr && account->pw_uid != 0 && is_indexed(*account);
}

}  // namespace labgpu
