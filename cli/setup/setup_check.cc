// labgpu setup --check: what is right on this server, and what is missing.
#include <iostream>

#include "cli/setup/bridge_checks.h"
#include "cli/setup/host_checks.h"
#include "cli/setup/pam_file.h"
#include "cli/setup/setup.h"
#include "cli/setup/setup_job.h"
#include "cli/setup/userdb.h"

namespace labgpu {

namespace {

void print_findings(const std::vector<Finding>& findings) {
  for (const auto& finding : findings) {
    std::cout << (finding.ok ? "ok       " : "MISSING  ") << finding.what;
    if (!finding.ok) std::cout << ": " << finding.advice;
    std::cout << '\n';
  }
}

std::vector<Finding> check_files(const SetupJob& job) {
  std::vector<Finding> findings;
  for (const char* type : {"auth", "account", "session"}) {
    bool ok = has_pam_line(*job.pam.current(), type);
    findings.push_back({ok, false,
                        "pam_labgpu.so as " + std::string(type) + " in " + job.pam.path(),
                        ok ? "" : "run labgpu setup"});
  }
  auto passwords = job.profile.is_in_force();
  bool ok = passwords && *passwords;
  findings.push_back({ok, false, "pam_labgpu.so as password in " + job.profile.path(),
                      ok ? "" : "passwd(1) and logins cannot change passwords; run labgpu setup"});
  bool drop_in = job.drop_in.current().has_value();
  findings.push_back(
      {drop_in, false, "the drop-in " + job.drop_in.path(), drop_in ? "" : "run labgpu setup"});
  return findings;
}

Finding as_finding(const std::string& what, const std::vector<std::string>& faults) {
  return {faults.empty(), false, what, faults.empty() ? "" : faults.front()};
}

std::vector<Finding> check_sshd(const SetupJob& job) {
  std::vector<Finding> findings;
  auto root = job.sshd.settings_for("root");
  if (!root) return {as_finding("sshd's configuration", {root.error().message})};
  findings.push_back(as_finding("sshd's use of PAM", global_faults(*root)));
  for (const auto& member : job.members()) {
    auto settings = job.sshd.settings_for(member);
    std::vector<std::string> faults;
    if (settings) faults = member_faults(*settings);
    if (!settings) faults = {settings.error().message};
    findings.push_back(as_finding("sshd's settings for " + member, faults));
  }
  return findings;
}

}  // namespace

Result<void> check_setup(const SetupOptions& options) {
  SetupJob job(options);
  auto loaded = load(job);
  if (!loaded) return loaded;
  auto findings = check_host(job.root);
  auto bridge = check_bridge(job.root, job.bridge, job.drop_in.current().value_or(""));
  for (auto&& more : {check_files(job), bridge, check_sshd(job)}) {
    findings.insert(findings.end(), more.begin(), more.end());
  }
  if (job.root.empty()) {
    findings.push_back({true, false,
                        std::string("systemd's user database, which ") +
                            (userdb_is_on() ? "asks labgpu too" : "does not ask labgpu"),
                        ""});
  }
  print_findings(findings);
  for (const auto& finding : findings) {
    if (!finding.ok) return fail("this server is not set up for labgpu");
  }
  return {};
}

}  // namespace labgpu
