// What one run of labgpu setup works on: the files, the lock, and sshd's own opinion.
#pragma once

#include <optional>
#include <string>

#include "cli/setup/edited_file.h"
#include "cli/setup/pam_profile.h"
#include "cli/setup/setup.h"
#include "cli/setup/sshd_config_test.h"
#include "cli/subprocess.h"
#include "common/unique_fd.h"

namespace labgpu {

inline constexpr char kSshdConfig[] = "/etc/ssh/sshd_config";
inline constexpr char kPamFile[] = "/etc/pam.d/sshd";
inline constexpr char kDropInDirectory[] = "/etc/ssh/sshd_config.d";
inline constexpr char kDropInFile[] = "/etc/ssh/sshd_config.d/00-labgpu.conf";

// Everything that one run works on.
struct SetupJob {
  explicit SetupJob(const SetupOptions& options);

  // An account of the running system that labgpu manages; of another root nobody is known.
  [[nodiscard]] std::optional<std::string> member() const;

  HeldSignals signals;
  std::string root;
  std::string saved;
  EditedFile pam;
  EditedFile drop_in;
  PamProfile profile;
  SshdConfigTest sshd;
  UniqueFd lock;
};

// Reads the files. PAM's must be there.
Result<void> load(SetupJob& job);

// Two runs at once would save each other's edits as the original.
Result<void> take_lock(SetupJob& job);

}  // namespace labgpu
