// What one run of labgpu setup works on: the files, the lock, and sshd's own opinion.
#pragma once

#include <string>
#include <vector>

#include "cli/setup/bridge_groups.h"
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

// Everything that one run works on.
struct SetupJob {
  explicit SetupJob(const SetupOptions& options);
  SetupJob(const SetupJob&) = delete;
  SetupJob& operator=(const SetupJob&) = delete;

  // Accounts of the running system whose sessions are in containers: one of labgpu's own, and one
  // of the host's, where there are any. Of another root nobody is known.
  [[nodiscard]] std::vector<std::string> members() const;

  HeldSignals signals;
  std::string root;
  std::string saved;
  ConfiguredBridge bridge;  // of load()
  EditedFile pam;
  EditedFile drop_in;
  PamProfile profile;
  SshdConfigTest sshd;
  UniqueFd lock;
};

// Reads the files, and labgpu.json for the groups. PAM's must be there.
Result<void> load(SetupJob& job);

// Two runs at once would save each other's edits as the original.
Result<void> take_lock(SetupJob& job);

}  // namespace labgpu
