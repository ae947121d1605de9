// labgpu image bootstrap: an image for containers without any registry.
#pragma once

#include <string>
#include <vector>

#include "cli/result.h"

namespace labgpu {

struct BootstrapOptions {
  std::string suite;            // empty: the server's own release
  std::string mirror;           // empty: what the server's apt uses
  std::string security_mirror;  // only together with `mirror`
  std::string tag = "labgpu/default:latest";
  std::vector<std::string> include;  // packages beside kImagePackages
  std::string tarball;               // import this root file system and build nothing
};

// Needs root, docker, and mmdebstrap or debootstrap. The tag names either the whole new image or
// what it named before. Progress goes to stderr.
Result<void> bootstrap_image(const BootstrapOptions& options);

}  // namespace labgpu
