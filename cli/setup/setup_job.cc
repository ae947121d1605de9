// What one run of labgpu setup works on.
#include "cli/setup/setup_job.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <filesystem>

#include "cli/setup/bridge_checks.h"
#include "cli/setup/host_checks.h"
#include "cli/setup/pam_file.h"
#include "cli/setup/sshd_dropin.h"
#include "common/paths.h"

namespace labgpu {

SetupJob::SetupJob(const SetupOptions& options)
    : root(options.root),
      saved(root + kStateDirectory + "/setup"),
      pam(root + kPamFile, saved + "/pam.d-sshd", {add_pam_lines, remove_pam_lines}),
      drop_in(
          root + kSshdDropIn, saved + "/sshd-drop-in",
          {[this](const Text& text) { return add_drop_in(text, bridge.groups); }, remove_drop_in}),
      profile(root, saved, signals),
      sshd(root + kSshdConfig, signals) {}

std::vector<std::string> SetupJob::members() const {
  std::vector<std::string> found;
  if (!root.empty()) return found;
  for (const auto& member : {any_member(), any_member_of(bridge)}) {
    if (member) found.push_back(*member);
  }
  return found;
}

Result<void> load(SetupJob& job) {
  auto bridge = configured_bridge(job.root);
  if (!bridge) return Failed(bridge.error());
  job.bridge = std::move(*bridge);
  auto loaded = job.pam.load();
  if (loaded) loaded = job.drop_in.load();
  if (!loaded) return loaded;
  if (!job.pam.current()) return fail(job.pam.path() + " is missing; is openssh-server installed?");
  return {};
}

Result<void> take_lock(SetupJob& job) {
  std::error_code error;
  std::filesystem::create_directories(job.root + kStateDirectory, error);
  // The originals may be files that not everybody may read.
  mkdir(job.saved.c_str(), 0700);
  job.lock.reset(open(job.saved.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!job.lock.valid()) return fail_errno("cannot make " + job.saved, errno);
  if (flock(job.lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return fail("another labgpu setup is running");
  }
  return {};
}

}  // namespace labgpu
