// What stands in the base64 of a public key: the types that sshd takes, and what each is made of.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "helper/error.h"

namespace labgpu {

struct SshKeyType;

// The type that a line of authorized_keys(5) may begin with, by the table of OpenSSH 9.2 to 10.0
// (sshkey.c, keyimpls); nullptr for another word. sshd also takes the name of a signature for the
// key that makes it: rsa-sha2-512 for ssh-rsa. Left out are DSA, which Debian 12's sshd accepts
// from nobody and Debian 13's does not know, and certificates: sshd looks for their authority's
// key.
const SshKeyType* find_ssh_key_type(std::string_view word);

// The name that the key itself has: "ssh-rsa", also for rsa-sha2-512.
std::string_view name_of(const SshKeyType& type);

// Is `base64` one whole key of that type, written as ssh-keygen does? kInvalid with the predicate
// of a sentence about the key.
Result<void> check_ssh_key_blob(const SshKeyType& type, std::string_view base64);

// "SHA256:…", as `ssh-keygen -l` prints it; of base64 that was checked.
std::string ssh_key_fingerprint(std::string_view base64);

}  // namespace labgpu
