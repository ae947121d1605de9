// Passwords into yescrypt hashes, which pam_unix checks at a login.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "helper/error.h"

namespace labgpu {

// A new hash with a random salt, as shadow(5) wants it. kInvalid for a password that is empty,
// longer than PAM passes on, or has a line break or NUL in it, which nobody could type.
// Intermediate copies are wiped; the caller wipes its own.
Result<std::string> hash_password(const std::string& password);

// Is it the password of that hash? Never of a locked or a damaged one. Takes about as long as
// making a hash.
bool verify_password(const std::string& password, const std::string& hash);

// Overwrites and empties a text that held a secret.
void wipe(std::string& secret);

// A text that is wiped when it goes.
struct Secret {
  std::optional<std::string> text;
  explicit Secret(std::optional<std::string> secret) : text(std::move(secret)) {}
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() {
    if (text) wipe(*text);
  }
};

// Puts a random one there, for somebody to type once: groups of letters and digits that are not
// taken for one another, 79 bits. kInvalid when `password` has a text already: the caller's.
Result<void> generate_password(Secret& password);

}  // namespace labgpu
