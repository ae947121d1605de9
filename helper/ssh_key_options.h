// The options before a key in authorized_keys(5): does sshd understand them?
#pragma once

#include <string>
#include <string_view>

#include "helper/error.h"

namespace labgpu {

// One word with commas between the options. A mistake in it makes sshd pass over the key, and says
// so nowhere but in its debug log, so it is found here: by the rules of OpenSSH 9.2 to 10.0
// (auth-options.c, sshauthopt_parse), and by those for what the values must be when the key is used
// (auth2-pubkeyfile.c, auth_authorise_keyopts). kInvalid with the predicate of a sentence about
// the key.
//
// cert-authority with command= is refused: sshd runs labgpu's session command, not the key's, and
// that one does not find the authority of a certificate; it would be good for everything.
Result<void> check_ssh_key_options(std::string_view options);

}  // namespace labgpu
