// Edits labgpu.json, tries it, and has it taken.
#include "cli/image/default_image.h"

#include <unistd.h>

#include "cli/image/config_edit.h"
#include "cli/setup/text_file.h"
#include "cli/subprocess.h"

namespace labgpu {

namespace {

// A copy beside the file, which labgpud looks at first.
Result<void> check(const std::string& text, const ConfigPaths& paths, const HeldSignals& signals) {
  auto trial = paths.file + ".labgpu-new";
  auto written = write_text(trial, text);
  if (!written) return written;
  auto checked = run_checked("labgpud would not take " + paths.file + " with that image",
                             {paths.checker, "--check-config", trial}, Output::kCapture, signals);
  unlink(trial.c_str());
  if (!checked) return Failed(checked.error());
  return {};
}

}  // namespace

Result<void> set_default_image(const std::string& image, const ConfigPaths& paths) {
  HeldSignals signals;
  auto before = read_text(paths.file);
  if (!before) return Failed(before.error());
  auto after = with_default_image(before->value_or("{}\n"), image);
  if (!after) return fail(paths.file + ": " + after.error().message);
  auto done = check(*after, paths, signals);
  if (done) done = write_text(paths.file, *after);
  if (!done) return done;
  // Nothing to do when it does not run: it reads the file when it starts.
  auto taken = run_checked(
      "labgpud did not take the new default, and " + paths.file + " is as it was",
      {"systemctl", "try-reload-or-restart", "labgpud.service"}, Output::kCapture, signals);
  if (taken) return {};
  auto undone = write_text(paths.file, *before);
  return undone ? Failed(taken.error()) : undone;
}

}  // namespace labgpu
