// Makes a Debian root file system in a directory, with whichever tool the server has.
#pragma once

#include <string>
#include <vector>

#include "cli/image/apt_sources.h"
#include "cli/result.h"
#include "cli/subprocess.h"

namespace labgpu {

struct RootRequest {
  std::string suite;
  AptSetup apt;
  std::vector<std::string> packages;
};

// The directory must not exist. Progress goes to stderr.
Result<void> build_root(const RootRequest& request, const std::string& directory,
                        const HeldSignals& signals);

// The command lines, for tests: mmdebstrap does it in one, debootstrap needs apt in the new root
// for what is not in its one archive.
std::vector<std::string> mmdebstrap_command(const RootRequest& request,
                                            const std::string& directory);
std::vector<std::vector<std::string>> debootstrap_commands(const RootRequest& request,
                                                           const std::string& directory);

// Package lists, caches, logs and what names this server are taken out; the locale is set.
Result<void> finish_root(const std::string& directory);

}  // namespace labgpu
