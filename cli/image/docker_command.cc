// Whether the docker command is of use.
#include "cli/image/docker_command.h"

namespace labgpu {

Result<void> require_docker(const std::string& tag, const HeldSignals& signals) {
  if (!have_program("docker")) {
    return fail(
        "the docker command is not installed; apt-get install docker.io (docker-cli on Debian 13)");
  }
  auto done =
      run_checked("Docker does not answer", {"docker", "version"}, Output::kCapture, signals);
  if (!done) return Failed(done.error());
  auto known = run_program({"docker", "image", "inspect", tag}, Output::kCapture, signals);
  if (!known) return Failed(known.error());
  if (known->err.find("invalid reference format") == std::string::npos) return {};
  return fail("\"" + tag + "\" is no name of an image; give one like lab/default:latest");
}

}  // namespace labgpu
