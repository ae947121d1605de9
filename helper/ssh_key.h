// Checks a line for authorized_keys(5) before it is given to sshd.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "helper/error.h"

namespace labgpu {

// Bytes of all lines together: less than session/login_key takes, for it fails closed.
inline constexpr size_t kMaxKeyLines = size_t{192} * 1024;

struct SshKey {
  std::string line;         // as it will be written: options, type, key and comment
  std::string type;         // the key's own name: "ssh-ed25519" …, also in the line
  std::string comment;      // may be empty
  std::string fingerprint;  // "SHA256:…", as `ssh-keygen -l` prints it
};

// One line with one public key: options if any, each of which sshd understands; a type that sshd
// takes by default; base64 of a key of exactly that type; a comment if any. kInvalid says what is
// wrong; a private key is told apart, for it must be made anew.
Result<SshKey> parse_ssh_key(std::string_view text);

// Do all keys of one account fit into the file that the session command reads again? kInvalid.
Result<void> check_ssh_key_lines(const std::vector<std::string>& lines);

}  // namespace labgpu
