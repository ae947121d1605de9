// Where the image's Debian packages come from.
#include "cli/image/apt_sources.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>
#include <string_view>

namespace labgpu {

namespace {

// apt-get(8) parses both forms of its source lists and prints these fields of every index.
constexpr char kIndexFormat[] = "$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)";
constexpr std::array<std::string_view, 3> kPockets{"", "-updates", "-security"};
constexpr std::array<std::string_view, 5> kAccessOptions{
    "Acquire::http::Proxy ", "Acquire::https::Proxy ", "Acquire::Check-Valid-Until ",
    "Acquire::Check-Date ", "Acquire::Retries "};

std::string without_final_slash(std::string uri) {
  while (!uri.empty() && uri.back() == '/') uri.pop_back();
  return uri;
}

// Third parties use Debian's code names too. The Release file, once downloaded, says who they are;
// before that, mirrors are known by Debian's own directory names.
bool is_debian(const std::string& uri, const std::string& origin) {
  if (!origin.empty() && origin[0] != '$') return origin == "Debian";
  return uri.ends_with("/debian") || uri.ends_with("/debian-security");
}

}  // namespace

std::vector<AptSource> debian_sources(const std::string& indextargets,
                                      const std::string& host_suite, const std::string& suite) {
  std::vector<AptSource> sources;
  std::istringstream lines(indextargets);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string release;
    std::string origin;
    AptSource source;
    fields >> source.uri >> release >> source.component >> origin;
    source.uri = without_final_slash(source.uri);
    if (source.component != "main" || !is_debian(source.uri, origin)) continue;
    for (auto pocket : kPockets) {
      if (release == host_suite + std::string(pocket)) source.suite = suite + std::string(pocket);
    }
    if (source.suite.empty()) continue;
    if (std::find(sources.begin(), sources.end(), source) == sources.end())
      sources.push_back(source);
  }
  std::stable_sort(sources.begin(), sources.end(), [](const AptSource& a, const AptSource& b) {
    return a.suite.size() < b.suite.size();  // the suite itself has no suffix
  });
  // Updates alone are no system.
  if (!sources.empty() && sources.front().suite != suite) sources.clear();
  return sources;
}

std::vector<std::string> access_options(const std::string& apt_config_dump) {
  std::vector<std::string> options;
  std::istringstream lines(apt_config_dump);
  for (std::string line; std::getline(lines, line);) {
    if (line.ends_with(" \"\";")) continue;
    if (std::any_of(kAccessOptions.begin(), kAccessOptions.end(),
                    [&](std::string_view option) { return line.starts_with(option); })) {
      options.push_back(line);
    }
  }
  return options;
}

std::string source_line(const AptSource& source) {
  return "deb " + source.uri + " " + source.suite + " " + source.component;
}

std::string host_codename() {
  constexpr std::string_view kKey = "VERSION_CODENAME=";
  std::ifstream file("/etc/os-release");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(kKey)) return line.substr(kKey.size());
  }
  return "";
}

Result<AptSetup> find_apt_setup(const std::string& suite, const std::string& mirror,
                                const std::string& security_mirror, const HeldSignals& signals) {
  AptSetup setup;
  auto dump =
      run_checked("cannot read apt's settings", {"apt-config", "dump"}, Output::kCapture, signals);
  if (!dump) return Failed(dump.error());
  setup.options = access_options(dump->out);
  if (!mirror.empty()) {
    setup.sources.push_back({without_final_slash(mirror), suite, "main"});
  } else {
    auto targets =
        run_checked("cannot read apt's sources",
                    {"apt-get", "indextargets", "--format", kIndexFormat, "Created-By: Packages"},
                    Output::kCapture, signals);
    if (!targets) return Failed(targets.error());
    setup.sources = debian_sources(targets->out, host_codename(), suite);
    if (setup.sources.empty()) {
      return fail("apt on this server has no Debian archive; name one with --mirror URL");
    }
  }
  if (!security_mirror.empty()) {
    setup.sources.push_back({without_final_slash(security_mirror), suite + "-security", "main"});
  }
  return setup;
}

}  // namespace labgpu
