// Whose login is it? Decides for which names the module does anything at all, once per PAM handle.
#pragma once

#include <pwd.h>
#include <security/pam_modules.h>

#include "common/account_owner.h"
#include "common/messages.h"

namespace labgpu {

// Everything borrows from libpam and is valid until pam_end.
struct Ownership {
  Owner owner = Owner::kHost;
  const passwd* account = nullptr;  // the name service's answer; null for an unknown name
  const char* group = "";           // a member's primary group; "" when it has no name

  // False: the module ignores this login.
  [[nodiscard]] bool managed() const { return owner != Owner::kHost; }
  // Nobody but root decides what program such an account's sessions begin with, and it is labgpu's.
  [[nodiscard]] bool has_session_command() const;
  // The program that sshd executes; for an account that has one.
  [[nodiscard]] const char* shell() const;
  // nologin(8) or false(1): the host's way of saying that this account has no sessions.
  [[nodiscard]] bool has_no_login() const;
  // What the helper is told of a member; empty for labgpu's own accounts.
  [[nodiscard]] HostAccount describe() const;
};

// Of the handle's user. The name service is asked once: what was decided stays so for the handle
// and for the processes forked from its owner. Asks no server of labgpu's.
[[nodiscard]] Ownership ownership_of(pam_handle_t* pamh);

// True when labgpu keeps the password of the handle's user: then no other PAM module can change it.
// A member's is the host's. Looks no group up, because passwd(1) asks this for everybody.
[[nodiscard]] bool has_password_here(pam_handle_t* pamh);

}  // namespace labgpu
