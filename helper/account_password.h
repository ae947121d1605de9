// The password of an account: set, locked, marked to be changed.
#pragma once

#include <optional>
#include <string>

#include "helper/account.h"
#include "helper/error.h"

namespace labgpu {

bool has_password(const Account& account);
// There, but no login by it: as `passwd -l`, with '!' before the hash, which no password matches.
bool password_is_locked(const Account& account);

// Before it opens a session again. Never of an account of the host, whose password is the host's.
bool password_must_change(const Account& account);

// A new password's hash; empty: none. It is neither locked nor to be changed.
void put_password_hash(Account& account, std::string hash);
// The same by an administrator; with an empty one logins by password end. kInvalid, as the two
// below, for an account of the host.
Result<void> assign_password_hash(Account& account, std::string hash);

// These need a password: kInvalid.
Result<void> lock_password(Account& account, bool locked);
Result<void> mark_password_for_change(Account& account, bool change_now);

// Nothing when the password is labgpu's to change.
Result<void> check_password_is_own(const Account& account);

// Why the owner cannot change it now, as a sentence for them.
std::optional<std::string> refusal_of_password_change(const Account& account);

}  // namespace labgpu
