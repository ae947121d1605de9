// Where the image's Debian packages come from: the archives that the server's own apt uses.
#pragma once

#include <string>
#include <vector>

#include "cli/result.h"
#include "cli/subprocess.h"

namespace labgpu {

struct AptSource {
  std::string uri;
  std::string suite;
  std::string component;
  bool operator==(const AptSource&) const = default;
};

struct AptSetup {
  // The archive itself first, then updates and security where there are any.
  std::vector<AptSource> sources;
  // apt.conf(5) lines that say how the archives are reached: proxies, and what snapshots need.
  std::vector<std::string> options;
};

// Debian's archives for `suite` among the lines of `apt-get indextargets` (a server of another
// release has them under its own name, `host_suite`). Empty when there is no Debian archive among
// them.
std::vector<AptSource> debian_sources(const std::string& indextargets,
                                      const std::string& host_suite, const std::string& suite);

// The apt.conf lines of `apt-config dump` that an image needs too.
std::vector<std::string> access_options(const std::string& apt_config_dump);

// "deb URI SUITE COMPONENT".
std::string source_line(const AptSource& source);

// VERSION_CODENAME of os-release(5); empty when there is none.
std::string host_codename();

// Asks the server's apt. `mirror` stands in for its archives when not empty; then there are no
// security updates unless `security_mirror` is given too.
Result<AptSetup> find_apt_setup(const std::string& suite, const std::string& mirror,
                                const std::string& security_mirror, const HeldSignals& signals);

}  // namespace labgpu
