// What sshd would make of labgpu's drop-in, found out before it counts.
#pragma once

#include <string>

#include "cli/result.h"
#include "cli/setup/sshd_config_test.h"

namespace labgpu {

// Asks sshd about the rules of `drop_in` under a user name that does not exist, from a file beside
// the place of the real one: that works before there is any account, and even an sshd that reads
// its files at that moment treats everybody as before. Fails with what is wrong and what to do.
// `root` is the directory that stands for "/".
Result<void> try_drop_in(const std::string& root, const std::string& drop_in,
                         const SshdConfigTest& sshd);

// Takes away what a trial that was killed has left.
Result<void> clear_trial(const std::string& root);

}  // namespace labgpu
