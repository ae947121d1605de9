// What sshd would make of labgpu's drop-in, found out before it counts.
#include "cli/setup/drop_in_trial.h"

#include <strings.h>

#include <sstream>

#include "cli/setup/setup_job.h"
#include "cli/setup/sshd_dropin.h"
#include "cli/setup/text_file.h"
#include "common/paths.h"
#include "common/sshd_drop_in.h"

namespace labgpu {

namespace {

// Sorts next to the drop-in, so that the same files come before it.
constexpr char kProbeFile[] = "/etc/ssh/sshd_config.d/00-labgpu-probe.conf";

bool reads_drop_ins(const std::string& config) {
  std::istringstream lines(config);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string keyword;
    words >> keyword;
    if (strcasecmp(keyword.c_str(), "include") != 0) continue;
    if (line.find("sshd_config.d/") != std::string::npos) return true;
  }
  return false;
}

// Why the drop-in does not count, as well as can be told from the main file.
Failed explain_probe(const std::string& root, const std::string& fault) {
  std::string path = root + kSshdConfig;
  auto config = read_text(path);
  if (!config) return Failed(config.error());
  if (!reads_drop_ins(config->value_or(""))) {
    return fail(path +
                " does not read drop-ins; write this as its first line: "
                "Include /etc/ssh/sshd_config.d/*.conf");
  }
  return fail(fault + "; look at " + root + kSshdDropIn +
              " and at Match blocks that sshd reads before it");
}

Result<void> ask_about_probe(const std::string& root, const SshdConfigTest& sshd) {
  auto good = sshd.syntax();
  if (!good) return good;
  auto settings = sshd.settings_for(kProbeUser);
  if (!settings) return Failed(settings.error());
  auto faults = member_faults(*settings);
  if (!faults.empty()) return explain_probe(root, faults.front());
  return {};
}

}  // namespace

Result<void> try_drop_in(const std::string& root, const std::string& drop_in,
                         const SshdConfigTest& sshd) {
  auto probe = probe_drop_in(drop_in);
  if (!probe) {
    return fail(root + kSshdDropIn + " was edited and has no line \"" + std::string(kMatchMembers) +
                "...\"; remove the file and try again");
  }
  auto answer = write_text(root + kProbeFile, probe);
  if (answer) answer = ask_about_probe(root, sshd);
  auto removed = clear_trial(root);
  return answer ? removed : answer;
}

Result<void> clear_trial(const std::string& root) {
  return write_text(root + kProbeFile, std::nullopt);
}

}  // namespace labgpu
