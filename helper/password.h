// Passwords into yescrypt hashes, which pam_unix checks at a login.
#pragma once

#include <string>

#include "helper/error.h"

namespace labgpu {

// A new hash with a random salt, as shadow(5) wants it. kInvalid for a password that is empty,
// longer than PAM passes on, or has a line break or NUL in it, which nobody could type.
// Intermediate copies are wiped; the caller wipes its own.
Result<std::string> hash_password(const std::string& password);

// Overwrites and empties a text that held a secret.
void wipe(std::string& secret);

}  // namespace labgpu
