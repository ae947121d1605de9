// labgpu image bootstrap.
#include <memory>

#include "cli/command_line.h"
#include "cli/image/bootstrap.h"

namespace labgpu {

namespace {

Result<void> run_bootstrap(const BootstrapOptions& options) {
  auto allowed = require_root();
  if (!allowed) return allowed;
  return bootstrap_image(options);
}

}  // namespace

void add_image_commands(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<BootstrapOptions>();
  auto* group = app.add_subcommand("image", "Images of containers")->require_subcommand(1);
  auto* command = group->add_subcommand("bootstrap", "Make a Debian image without a registry");
  auto* suite = command->add_option("--suite", options->suite, "Debian release; the server's own");
  auto* mirror = command->add_option("--mirror", options->mirror, "Debian archive; what apt uses")
                     ->type_name("URL");
  auto* security = command
                       ->add_option("--security-mirror", options->security_mirror,
                                    "Debian security archive, with --mirror")
                       ->type_name("URL")
                       ->needs(mirror);
  auto* include = command->add_option("--include", options->include, "Further packages")
                      ->type_name("PKG,...")
                      ->delimiter(',');
  command->add_option("--tag", options->tag, "The image's name")->capture_default_str();
  auto* tarball = command->add_option("--tarball", options->tarball, "Import this root file system")
                      ->type_name("FILE");
  for (auto* option : {suite, mirror, security, include}) tarball->excludes(option);
  command->callback(
      [&line, options] { line.command = [options] { return run_bootstrap(*options); }; });
}

}  // namespace labgpu
