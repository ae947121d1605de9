// labgpu setup, --check, --undo.
#include <memory>

#include "cli/command_line.h"
#include "cli/setup/setup.h"

namespace labgpu {

namespace {

struct Flags {
  bool undo = false;
  bool check = false;
  SetupOptions options;
};

Result<void> run_setup(const Flags& flags) {
  auto allowed = require_root();
  if (!allowed) return allowed;
  if (flags.check) return check_setup(flags.options);
  return flags.undo ? undo_setup(flags.options) : setup(flags.options);
}

}  // namespace

void add_setup_command(CLI::App& app, CommandLine& line) {
  auto flags = std::make_shared<Flags>();
  auto* command = app.add_subcommand("setup", "Make sshd and PAM send labgpu's accounts to labgpu");
  auto* undo = command->add_flag("--undo", flags->undo, "Give back every edited file as it was");
  auto* check = command
                    ->add_flag("--check", flags->check,
                               "Change nothing; say what is right and what is missing")
                    ->excludes(undo);
  auto* root = command->add_option("--root", flags->options.root, "Work on the files under DIR")
                   ->type_name("DIR")
                   ->check(CLI::ExistingDirectory);
  command
      ->add_flag(
          "--userdb", flags->options.userdb,
          "Let systemd's user database ask labgpu too; look-ups of any user then wait for it")
      ->excludes(undo)
      ->excludes(check)
      ->excludes(root);
  command->callback([&line, flags] { line.command = [flags] { return run_setup(*flags); }; });
}

}  // namespace labgpu
