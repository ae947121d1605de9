// labgpu setup: sshd and PAM are told about labgpu, or given back as they were.
#include "cli/setup/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "cli/setup/edited_file.h"
#include "cli/setup/host_checks.h"
#include "cli/setup/pam_file.h"
#include "cli/setup/sshd_config_test.h"
#include "cli/setup/sshd_dropin.h"
#include "cli/setup/sshd_service.h"
#include "cli/subprocess.h"
#include "common/paths.h"
#include "common/unique_fd.h"

namespace labgpu {

namespace {

constexpr char kSshdConfig[] = "/etc/ssh/sshd_config";
constexpr char kPamFile[] = "/etc/pam.d/sshd";
constexpr char kDropInDirectory[] = "/etc/ssh/sshd_config.d";
constexpr char kDropInFile[] = "/etc/ssh/sshd_config.d/00-labgpu.conf";
// Sorts next to the drop-in, so that the same files come before it.
constexpr char kProbeFile[] = "/etc/ssh/sshd_config.d/00-labgpu-probe.conf";

// Everything that one run works on.
struct Job {
  explicit Job(const SetupOptions& options)
      : root(options.root),
        saved(root + kStateDirectory + "/setup"),
        pam(root + kPamFile, saved + "/pam.d-sshd", {add_pam_lines, remove_pam_lines}),
        drop_in(root + kDropInFile, saved + "/sshd-drop-in", {add_drop_in, remove_drop_in}),
        sshd(root + kSshdConfig, signals) {}

  HeldSignals signals;
  std::string root;
  std::string saved;
  EditedFile pam;
  EditedFile drop_in;
  SshdConfigTest sshd;
  UniqueFd lock;
};

Result<void> load(Job& job) {
  auto loaded = job.pam.load();
  if (loaded) loaded = job.drop_in.load();
  if (!loaded) return loaded;
  if (!job.pam.current()) return fail(job.pam.path() + " is missing; is openssh-server installed?");
  return {};
}

// Two runs at once would save each other's edits as the original.
Result<void> take_lock(Job& job) {
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

void print_findings(const std::vector<Finding>& findings) {
  for (const auto& finding : findings) {
    std::cout << (finding.ok ? "ok       " : "MISSING  ") << finding.what;
    if (!finding.ok) std::cout << ": " << finding.advice;
    std::cout << '\n';
  }
}

// Fails for what blocks; says the rest, which can be put right later.
Result<void> require_host(const Job& job) {
  for (const auto& finding : check_host(job.root)) {
    if (finding.ok) continue;
    if (finding.blocks) return fail(finding.what + ": " + finding.advice + "; nothing was changed");
    std::cerr << "labgpu: warning: " << finding.what << ": " << finding.advice << '\n';
  }
  return {};
}

Result<void> first_fault(const std::vector<std::string>& faults) {
  if (faults.empty()) return {};
  return fail(faults.front());
}

// Why the drop-in does not count, as well as can be told from the main file.
Failed explain_probe(const Job& job, const std::string& fault) {
  auto config = read_text(job.root + kSshdConfig);
  bool included = config && *config && (*config)->find("sshd_config.d/") != std::string::npos;
  if (!included) {
    return fail(job.root + kSshdConfig +
                " does not read drop-ins; write this as its first line: "
                "Include /etc/ssh/sshd_config.d/*.conf");
  }
  return fail(fault + "; something in " + job.root + kSshdConfig +
              " that comes before its Include line overrides labgpu's drop-in");
}

Result<void> ask_about_probe(const Job& job) {
  auto good = job.sshd.syntax();
  if (!good) return good;
  auto settings = job.sshd.settings_for(kProbeUser);
  if (!settings) return Failed(settings.error());
  auto faults = member_faults(*settings);
  if (!faults.empty()) return explain_probe(job, faults.front());
  return {};
}

// Asks sshd what the drop-in's rules come to, under a user name that does not exist: that works
// before there is any account, and even an sshd that reads its files now treats everybody as
// before.
Result<void> try_drop_in(const Job& job) {
  auto probe = probe_drop_in(*job.drop_in.wanted());
  if (!probe) {
    return fail(
        job.drop_in.path() +
        " was edited and has no line \"Match Group labgpu\"; remove the file and try again");
  }
  std::string path = job.root + kProbeFile;
  auto answer = write_text(path, probe);
  if (answer) answer = ask_about_probe(job);
  auto removed = write_text(path, std::nullopt);
  return answer ? removed : answer;
}

// The files as they shall be, sshd's word for each step.
Result<void> edit_files(Job& job, const SshdSettings& root_before) {
  std::error_code error;
  std::filesystem::create_directories(job.root + kDropInDirectory, error);
  auto done = try_drop_in(job);
  if (done) done = job.pam.apply();
  if (done) done = job.drop_in.apply();
  if (done) done = job.sshd.syntax();
  if (!done) return done;

  auto root_after = job.sshd.settings_for("root");
  if (!root_after) return Failed(root_after.error());
  if (*root_after != root_before) return fail("labgpu's drop-in would change root's logins");
  auto member = job.root.empty() ? any_member() : std::nullopt;
  if (!member) return {};
  auto settings = job.sshd.settings_for(*member);
  if (!settings) return Failed(settings.error());
  return first_fault(member_faults(*settings));
}

Failed roll_back(Job& job, Error why) {
  auto pam = job.pam.roll_back();
  auto drop_in = job.drop_in.roll_back();
  if (pam && drop_in) {
    why.message += "; nothing was changed";
  } else {
    why.message +=
        "; and the files could not be put back: " + (pam ? drop_in : pam).error().message;
  }
  return Failed(why);
}

Result<void> reload(const Job& job) {
  if (!job.root.empty()) {
    std::cout << job.root << " is not the running system; no sshd was reloaded\n";
    return {};
  }
  auto said = reload_sshd(job.signals);
  if (!said) return Failed(said.error());
  std::cout << *said << '\n';
  return {};
}

// sshd still knows the accounts while nsswitch.conf names labgpu, and nothing leads their forwarded
// ports into a container any more.
void warn_about_members(const Job& job) {
  if (!job.root.empty() || !any_member()) return;
  std::cerr
      << "labgpu: warning: labgpu's accounts still exist and sshd lets them in with forwarding "
         "to this server; remove libnss-labgpu, or lock them: labgpu user set NAME locked=yes\n";
}

std::vector<Finding> check_files(const Job& job) {
  std::vector<Finding> findings;
  auto missing = missing_pam_types(*job.pam.current());
  for (const char* type : {"auth", "account", "session"}) {
    bool ok = std::find(missing.begin(), missing.end(), type) == missing.end();
    findings.push_back({ok, false,
                        "pam_labgpu.so as " + std::string(type) + " in " + job.pam.path(),
                        ok ? "" : "run labgpu setup"});
  }
  bool drop_in = job.drop_in.current().has_value();
  findings.push_back(
      {drop_in, false, "the drop-in " + job.drop_in.path(), drop_in ? "" : "run labgpu setup"});
  return findings;
}

Finding as_finding(const std::string& what, const std::vector<std::string>& faults) {
  return {faults.empty(), false, what, faults.empty() ? "" : faults.front()};
}

std::vector<Finding> check_sshd(const Job& job) {
  std::vector<Finding> findings;
  auto root = job.sshd.settings_for("root");
  if (!root) return {as_finding("sshd's configuration", {root.error().message})};
  findings.push_back(as_finding("sshd's use of PAM", global_faults(*root)));
  auto member = job.root.empty() ? any_member() : std::nullopt;
  if (!member) return findings;  // nobody whose settings could be asked for
  auto settings = job.sshd.settings_for(*member);
  std::vector<std::string> faults;
  if (settings) faults = member_faults(*settings);
  if (!settings) faults = {settings.error().message};
  findings.push_back(as_finding("sshd's settings for " + *member, faults));
  return findings;
}

}  // namespace

Result<void> setup(const SetupOptions& options) {
  Job job(options);
  auto ready = require_host(job);
  if (ready) ready = take_lock(job);
  if (ready) ready = load(job);
  if (!ready) return ready;

  auto before = job.sshd.settings_for("root");
  if (!before) return fail(before.error().message + "; nothing was changed");
  auto faults = global_faults(*before);
  if (!faults.empty()) return fail(faults.front() + "; nothing was changed");

  auto edited = edit_files(job, *before);
  if (!edited) return roll_back(job, edited.error());
  if (job.pam.wanted() == job.pam.current() && job.drop_in.wanted() == job.drop_in.current()) {
    std::cout << "sshd is set up already\n";
    return {};
  }
  std::cout << "edited " << job.pam.path() << "\nwrote " << job.drop_in.path() << '\n';
  return reload(job);
}

Result<void> undo_setup(const SetupOptions& options) {
  Job job(options);
  auto ready = take_lock(job);
  if (ready) ready = job.pam.load();
  if (ready) ready = job.drop_in.load();
  if (!ready) return ready;
  bool changes =
      job.pam.current() != job.pam.original() || job.drop_in.current() != job.drop_in.original();
  // The drop-in first: without it a login still runs the session command, which is its shell.
  auto done = write_text(job.root + kProbeFile, std::nullopt);
  if (done) done = job.drop_in.undo();
  if (done) done = job.pam.undo();
  if (!done) return done;
  std::error_code ignored;  // it is not empty when something else was put there
  std::filesystem::remove(job.saved, ignored);
  if (!changes) {
    std::cout << "sshd was not set up for labgpu\n";
    return {};
  }
  std::cout << "gave back " << job.pam.path() << "\nremoved " << job.drop_in.path() << '\n';
  auto good = job.sshd.syntax();
  if (!good) return fail(good.error().message + "; labgpu's part is gone, sshd was not reloaded");
  warn_about_members(job);
  return reload(job);
}

Result<void> check_setup(const SetupOptions& options) {
  Job job(options);
  auto loaded = load(job);
  if (!loaded) return loaded;
  auto findings = check_host(job.root);
  for (auto&& more : {check_files(job), check_sshd(job)}) {
    findings.insert(findings.end(), more.begin(), more.end());
  }
  print_findings(findings);
  for (const auto& finding : findings) {
    if (!finding.ok) return fail("this server is not set up for labgpu");
  }
  return {};
}

}  // namespace labgpu
