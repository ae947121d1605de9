// labgpu's profile of pam-auth-update(8).
#include "cli/setup/pam_profile.h"

#include <unistd.h>

#include <utility>

#include "cli/setup/pam_file.h"
#include "cli/setup/saved_texts.h"

namespace labgpu {

namespace {

constexpr char kProfile[] = "/usr/share/pam-configs/labgpu";
constexpr char kProgram[] = "/usr/sbin/pam-auth-update";
// What pam-auth-update writes.
constexpr std::array<const char*, 5> kFiles{"common-password", "common-auth", "common-account",
                                            "common-session", "common-session-noninteractive"};

}  // namespace

PamProfile::PamProfile(std::string root, std::string saved, const HeldSignals& signals)
    : root_(std::move(root)), saved_(std::move(saved)), signals_(signals) {
  static_assert(kFiles.size() == kFileCount);
}

std::string PamProfile::path_of(size_t file) const { return root_ + "/etc/pam.d/" + kFiles[file]; }

std::string PamProfile::saved_prefix(size_t file) const {
  return saved_ + "/pam.d-" + kFiles[file];
}

std::string PamProfile::path() const { return path_of(0); }

Result<bool> PamProfile::is_in_force() const {
  auto text = read_text(path());
  if (!text) return Failed(text.error());
  return text->has_value() && has_pam_line(**text, "password");
}

Result<PamProfile::Texts> PamProfile::read_files() const {
  Texts texts;
  for (size_t i = 0; i < kFileCount; ++i) {
    auto text = read_text(path_of(i));
    if (!text) return Failed(text.error());
    texts[i] = std::move(*text);
  }
  return texts;
}

Result<void> PamProfile::put_back(const Texts& wanted, const Texts& now) const {
  for (size_t i = 0; i < kFileCount; ++i) {
    if (wanted[i] == now[i]) continue;
    if (auto done = write_text(path_of(i), wanted[i]); !done) return done;
  }
  return {};
}

// Another root's own program, because it works on that root's debconf database too. It asks
// nothing: without a terminal's frontend debconf takes the default answers.
Result<void> PamProfile::update(const std::string& option) const {
  for (const char* needed : {kProgram, kProfile}) {
    if (access((root_ + needed).c_str(), R_OK) != 0) return fail(root_ + needed + " is missing");
  }
  std::vector<std::string> argv{"env", "DEBIAN_FRONTEND=noninteractive"};
  if (!root_.empty()) argv.insert(argv.end(), {"chroot", root_});
  argv.insert(argv.end(), {kProgram, option, "labgpu"});
  auto ran = run_checked("pam-auth-update", argv, Output::kCapture, signals_);
  if (!ran) return Failed(ran.error());
  return {};
}

Result<void> PamProfile::update_and_save(const Texts& before) const {
  if (auto done = update("--enable"); !done) return done;
  // It succeeds, too, when it leaves alone what it did not write itself.
  auto there = is_in_force();
  if (!there) return Failed(there.error());
  if (!*there) {
    return fail(
        path() +
        " was edited by hand, so pam-auth-update leaves it alone; put the line \"password "
        "[success=1 default=ignore] pam_labgpu.so\" right before pam_deny.so's, and count one "
        "more in each success= above it");
  }
  auto after = read_files();
  if (!after) return Failed(after.error());
  for (size_t i = 0; i < kFileCount; ++i) {
    if (before[i] == (*after)[i]) continue;
    if (auto done = store_saved(saved_prefix(i), {before[i], (*after)[i]}); !done) return done;
  }
  return {};
}

Result<bool> PamProfile::enable() {
  auto there = is_in_force();
  if (!there) return there;
  if (*there) return false;
  auto before = read_files();
  if (!before) return Failed(before.error());
  if (auto done = forget_saved(); !done) return Failed(done.error());
  auto done = update_and_save(*before);
  if (done) return true;
  auto now = read_files();
  auto back = now ? put_back(*before, *now) : Result<void>(Failed(now.error()));
  if (back) back = forget_saved();
  if (back) return Failed(done.error());
  return fail(done.error().message + "; and " + path() +
              " could not be put back: " + back.error().message);
}

Result<PamProfile::Texts> PamProfile::saved_originals(const Texts& now) const {
  Texts originals;
  for (size_t i = 0; i < kFileCount; ++i) {
    auto saved = load_saved(saved_prefix(i));
    if (!saved) return Failed(saved.error());
    if (saved->after && saved->after == now[i]) originals[i] = std::move(saved->before);
  }
  return originals;
}

Result<void> PamProfile::forget_saved() const {
  for (size_t i = 0; i < kFileCount; ++i) {
    if (auto done = store_saved(saved_prefix(i), {}); !done) return done;
  }
  return {};
}

Result<void> PamProfile::remove_and_put_back() const {
  auto before = read_files();
  if (!before) return Failed(before.error());
  auto wanted = saved_originals(*before);
  if (!wanted) return Failed(wanted.error());
  if (auto done = update("--remove"); !done) return done;
  auto now = read_files();
  if (!now) return Failed(now.error());
  for (size_t i = 0; i < kFileCount; ++i) {
    if (!(*wanted)[i]) (*wanted)[i] = (*now)[i];
  }
  if (auto done = put_back(*wanted, *now); !done) return done;
  auto still = is_in_force();
  if (!still) return Failed(still.error());
  if (!*still) return {};
  return fail(path() +
              " was edited by hand, so pam-auth-update leaves it alone; take the line with "
              "pam_labgpu.so out of it, and count one less in each success= above it");
}

Result<bool> PamProfile::disable() {
  auto there = is_in_force();
  if (!there) return there;
  Result<void> done;
  if (*there) done = remove_and_put_back();
  if (done) done = forget_saved();
  if (!done) return Failed(done.error());
  return there;
}

}  // namespace labgpu
