// Makes the container ready for its person: the account, sudo, and the image's PATH.
//
// Nothing is written unless it differs, so that a container with a read-only /etc works as long as
// its image already has what is needed.
#pragma once

#include <limits.h>

#include "common/text_buffer.h"
#include "init/account_text.h"

namespace labgpu {

// What is said to the user when it fails.
using Sentence = TextBuffer<1024>;

struct Provisioned {
  // The account was not in the container before: its home may want the files of /etc/skel.
  bool account_is_new = false;
};

// Makes sure that `account` is in /etc/passwd and /etc/group (init/account_text.h), and that sudo,
// if there is one, lets it become root without a password. False: `sentence` says what failed.
//
// The sudoers file is made whenever it is missing and never changed afterwards. Who wants sudo to
// ask for a password edits that file; deleting it brings it back, so that nobody locks himself out.
[[nodiscard]] bool provision_account(const GuestAccount& account, Provisioned& out,
                                     Sentence& sentence);

// The person's shell (passwd(5); an empty field means /bin/sh), as sshd finds it. False when the
// account is not in the container's /etc/passwd.
using Shell = TextBuffer<PATH_MAX>;
[[nodiscard]] bool find_shell(std::string_view name, Shell& out);

// Sets the calling process's groups: `gid`, and those of /etc/group that list `name`. Returns an
// errno number.
[[nodiscard]] int set_groups(std::string_view name, gid_t gid);

// Keeps login shells from losing the PATH of the image: /etc/profile sets another one, and reads
// /etc/profile.d afterwards. Does nothing where there is no such directory; logs when it fails.
void provision_profile(const char* path_variable);

}  // namespace labgpu
