// labgpu setup: sshd and PAM are told about labgpu, or given back as they were.
#include "cli/setup/setup.h"

#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "cli/setup/bridge_checks.h"
#include "cli/setup/drop_in_trial.h"
#include "cli/setup/host_checks.h"
#include "cli/setup/setup_job.h"
#include "cli/setup/sshd_service.h"
#include "cli/setup/userdb.h"
#include "cli/table.h"

namespace labgpu {

namespace {

void warn(const std::string& what) { std::cerr << "labgpu: warning: " << what << '\n'; }

// What was done, for a person.
Result<void> say(const Result<std::string>& sentence) {
  if (!sentence) return Failed(sentence.error());
  std::cout << *sentence << '\n';
  return {};
}

// Fails for what blocks; says the rest, which can be put right later.
Result<void> require_host(const SetupJob& job) {
  for (const auto& finding : check_host(job.root)) {
    if (finding.ok) continue;
    if (finding.blocks) return fail(finding.what + ": " + finding.advice + "; nothing was changed");
    warn(finding.what + ": " + finding.advice);
  }
  return {};
}

// What is not wrong, and yet may surprise.
void warn_about_members_of(const ConfiguredBridge& bridge) {
  const char* administrator = getenv("SUDO_USER");
  if (administrator != nullptr && is_listed_in(bridge, administrator)) {
    warn(std::string(administrator) +
         " is in a group whose members get containers, so your next login by ssh ends in one, and "
         "not on this server; leave the group, or keep another way to administer it");
  }
  auto home = home_with_programs_of_root(bridge);
  if (home.empty()) return;
  warn(printable(home) +
       " is on a file system that lets set-user-ID programs count, and root in a container can "
       "make some there, for other accounts of this server to run: mount it with nosuid,nodev");
}

// Members of the groups, once the drop-in is theirs too.
void warn_about_bridge(const SetupJob& job, const SshdSettings& root_before) {
  for (const auto& finding :
       check_bridge(job.root, job.bridge, job.drop_in.wanted().value_or(""))) {
    if (!finding.ok) warn(finding.what + ": " + finding.advice);
  }
  if (job.bridge.groups.empty()) return;
  auto elsewhere = keys_left_behind(root_before);
  if (!elsewhere.empty()) {
    warn("keys in " + elsewhere +
         " do not count for members of the groups in labgpu.json's \"bridge\": put them into "
         "~/.ssh/authorized_keys, or give them with labgpu key add");
  }
  if (job.root.empty()) warn_about_members_of(job.bridge);
}

Result<void> first_fault(const std::vector<std::string>& faults) {
  if (faults.empty()) return {};
  return fail(faults.front());
}

// The files as they shall be, sshd's word for each step.
Result<void> edit_files(SetupJob& job, const SshdSettings& root_before) {
  std::error_code error;
  std::filesystem::create_directories(job.root + kDropInDirectory, error);
  auto done = try_drop_in(job.root, *job.drop_in.wanted(), job.sshd);
  if (done) done = job.pam.apply();
  if (done) done = job.drop_in.apply();
  if (done) done = job.sshd.syntax();
  if (!done) return done;

  auto root_after = job.sshd.settings_for("root");
  if (!root_after) return Failed(root_after.error());
  if (*root_after != root_before) return fail("labgpu's drop-in would change root's logins");
  for (const auto& member : job.members()) {
    auto settings = job.sshd.settings_for(member);
    if (!settings) return Failed(settings.error());
    if (auto right = first_fault(member_faults(*settings)); !right) return right;
  }
  return {};
}

// Only passwd(1) and changes at a login need it, so what keeps it from being done keeps nothing
// else.
Result<bool> set_up_passwords(SetupJob& job) {
  auto enabled = job.profile.enable();
  if (enabled || enabled.error().exit_status == kExitInterrupted) return enabled;
  warn("passwords are changed by labgpu passwd alone, not by passwd(1) or at a login: " +
       enabled.error().message);
  return false;
}

Failed roll_back(SetupJob& job, Error why) {
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

Result<void> reload(const SetupJob& job) {
  if (!job.root.empty()) {
    std::cout << job.root << " is not the running system; no sshd was reloaded\n";
    return {};
  }
  auto said = reload_sshd(job.signals);
  if (!said) return fail("the files are as they shall be, but " + said.error().message);
  return say(said);
}

// sshd still knows the accounts while nsswitch.conf names labgpu, and nothing leads their forwarded
// ports into a container any more.
void warn_about_members(const SetupJob& job) {
  if (!job.root.empty() || !any_member()) return;
  warn(
      "labgpu's accounts still exist, and sshd lets them in with forwarding to this server; remove "
      "libnss-labgpu, or lock them: labgpu user set NAME locked=yes");
}

// Failing is not worth more than a warning: a package that is being removed must not stop at it.
void leave_userdb(const SetupJob& job) {
  auto was_on = turn_userdb_off(job.signals);
  if (!was_on) warn(was_on.error().message);
  if (was_on.value_or(false)) std::cout << "systemd's user database asks labgpu no longer\n";
}

// sshd's files are back, which is what was asked; a package that is being removed must not fail for
// what sshd says to that.
void finish_undo(const SetupJob& job) {
  std::cout << "gave back " << job.pam.path() << " and " << job.drop_in.path() << '\n';
  warn_about_members(job);
  auto reloaded = job.sshd.syntax();
  if (reloaded) reloaded = reload(job);
  if (!reloaded) warn("sshd keeps its old configuration: " + reloaded.error().message);
}

}  // namespace

Result<void> setup(const SetupOptions& options) {
  SetupJob job(options);
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
  auto passwords = set_up_passwords(job);
  if (!passwords) return roll_back(job, passwords.error());
  if (*passwords) std::cout << "wrote " << job.profile.path() << '\n';
  warn_about_bridge(job, *before);
  bool changed = false;
  for (const EditedFile* file : {&job.pam, &job.drop_in}) {
    if (file->wanted() == file->current()) continue;
    changed = true;
    std::cout << "wrote " << file->path() << '\n';
  }
  if (!changed && !*passwords) std::cout << "sshd is set up already\n";
  auto done = changed ? reload(job) : Result<void>();
  if (done && options.userdb) done = say(turn_userdb_on(job.signals));
  return done;
}

Result<void> undo_setup(const SetupOptions& options) {
  SetupJob job(options);
  auto ready = take_lock(job);
  if (ready) ready = job.pam.load();
  if (ready) ready = job.drop_in.load();
  if (!ready) return ready;
  bool changes =
      job.pam.current() != job.pam.original() || job.drop_in.current() != job.drop_in.original();
  // The drop-in first: without it a login still runs the session command, which is its shell.
  auto done = clear_trial(job.root);
  if (done) done = job.drop_in.undo();
  if (done) done = job.pam.undo();
  if (!done) return done;
  auto passwords = job.profile.disable();
  std::error_code ignored;  // it is not empty when something else was put there
  std::filesystem::remove(job.saved, ignored);
  if (job.root.empty()) leave_userdb(job);
  if (passwords && *passwords) std::cout << "gave back " << job.profile.path() << '\n';
  if (changes) {
    finish_undo(job);
  } else if (passwords) {
    std::cout << "sshd was not set up for labgpu\n";
  }
  if (!passwords) return Failed(passwords.error());
  return {};
}

}  // namespace labgpu
