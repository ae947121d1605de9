// Checks a line for authorized_keys(5) before it is given to sshd.
#pragma once

#include <string>
#include <string_view>

#include "helper/error.h"

namespace labgpu {

struct SshKey {
  std::string line;         // as it will be written: options, type, key and comment
  std::string type;         // "ssh-ed25519" …
  std::string comment;      // may be empty
  std::string fingerprint;  // "SHA256:…", as `ssh-keygen -l` prints it
};

// One line with one public key: options if any, a type that sshd takes by default, base64 of a key
// blob of exactly that type (RFC 4253 6.6, RFC 5656 3.1, RFC 8709 4, OpenSSH PROTOCOL.u2f), and a
// comment. kInvalid says what is wrong; a private key is told apart, for it must be made anew.
Result<SshKey> parse_ssh_key(std::string_view text);

}  // namespace labgpu
