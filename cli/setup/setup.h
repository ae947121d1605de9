// labgpu setup: sshd and PAM are told about labgpu, checked, or given back as they were.
//
// Nobody is ever locked out: nothing is edited before everything that can be checked was checked;
// the drop-in is tried with a user that does not exist before it counts for the group; root's
// settings must come out the same as before; and on any failure the files are as they were and sshd
// was not reloaded.
#pragma once

#include <string>

#include "cli/result.h"

namespace labgpu {

struct SetupOptions {
  // The directory that stands for "/": empty for the running system. With another one sshd tests
  // the files there, but no running sshd is touched.
  std::string root;
  // Also turn the service for systemd's user database on; of the running system only.
  bool userdb = false;
};

// Twice is the same as once. Says on stdout what was done.
Result<void> setup(const SetupOptions& options);
Result<void> undo_setup(const SetupOptions& options);
// Changes nothing; prints a line for each thing looked at, and fails when one is not right.
Result<void> check_setup(const SetupOptions& options);

}  // namespace labgpu
