// labgpu image bootstrap: an image for containers without any registry.
#include "cli/image/bootstrap.h"

#include <unistd.h>

#include <array>
#include <iostream>
#include <sstream>

#include "cli/image/docker_command.h"
#include "cli/image/packages.h"
#include "cli/image/root_builder.h"
#include "cli/image/work_directory.h"
#include "cli/subprocess.h"

namespace labgpu {

namespace {

void progress(const std::string& line) { std::cerr << "labgpu: " << line << '\n'; }

// A docker import takes any tar file, also one that is cut short.
Result<void> check_tarball(const std::string& tarball, const HeldSignals& signals) {
  if (access(tarball.c_str(), R_OK) != 0) return fail_errno("cannot read " + tarball, errno);
  auto list = run_checked(tarball + " is not a whole tar file", {"tar", "-tf", tarball},
                          Output::kCapture, signals);
  if (!list) return Failed(list.error());
  std::istringstream names(list->out);
  for (std::string name; std::getline(names, name);) {
    if (name.starts_with("./")) name.erase(0, 2);
    if (name == "bin/sh" || name == "usr/bin/sh") return {};
  }
  return fail(tarball + " is not a root file system: it has no /bin/sh");
}

// With extended attributes: ping's capability is one. Devices are Docker's to make.
Result<void> pack_root(const std::string& directory, const std::string& tarball,
                       const HeldSignals& signals) {
  progress("packing");
  auto done =
      run_checked("cannot pack the image",
                  {"tar", "-C", directory, "--numeric-owner", "--one-file-system", "--xattrs",
                   "--xattrs-include=*", "--exclude=./dev/*", "-cf", tarball, "."},
                  Output::kProgress, signals);
  if (!done) return Failed(done.error());
  return {};
}

Result<void> import_tarball(const std::string& tarball, const std::string& tag,
                            const HeldSignals& signals) {
  progress("importing as " + tag);
  auto done = run_checked(
      "docker could not import the image as " + tag,
      {"docker", "import", "--change", "ENV LANG=C.UTF-8", "--change",
       "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "--change",
       "CMD [\"/bin/bash\"]", "--message", "labgpu image bootstrap", tarball, tag},
      Output::kCapture, signals);
  if (!done) return Failed(done.error());
  std::cout << tag << ' ' << done->out.substr(0, done->out.find('\n')) << '\n';
  return {};
}

Result<RootRequest> make_request(const BootstrapOptions& options, const HeldSignals& signals) {
  RootRequest request;
  request.suite = options.suite.empty() ? host_codename() : options.suite;
  if (request.suite.empty()) return fail("which Debian release? name it with --suite", kExitUsage);
  auto apt = find_apt_setup(request.suite, options.mirror, options.security_mirror, signals);
  if (!apt) return Failed(apt.error());
  request.apt = std::move(*apt);
  for (const auto& package : kImagePackages) request.packages.emplace_back(package.name);
  request.packages.insert(request.packages.end(), options.include.begin(), options.include.end());
  return request;
}

Result<void> build_and_import(const BootstrapOptions& options, const HeldSignals& signals) {
  auto request = make_request(options, signals);
  if (!request) return Failed(request.error());
  for (const auto& source : request->apt.sources) progress("packages from " + source_line(source));
  auto work = WorkDirectory::make();
  if (!work) return Failed(work.error());
  std::string root = work->path() + "/root";
  std::string tarball = work->path() + "/root.tar";
  auto done = build_root(*request, root, signals);
  if (done) done = finish_root(root);
  if (done) done = pack_root(root, tarball, signals);
  if (done) done = import_tarball(tarball, options.tag, signals);
  return done;
}

Result<void> import_ready(const BootstrapOptions& options, const HeldSignals& signals) {
  auto good = check_tarball(options.tarball, signals);
  return good ? import_tarball(options.tarball, options.tag, signals) : good;
}

}  // namespace

Result<void> bootstrap_image(const BootstrapOptions& options) {
  HeldSignals signals;
  auto ready = require_docker(options.tag, signals);
  if (!ready) return ready;
  return options.tarball.empty() ? build_and_import(options, signals)
                                 : import_ready(options, signals);
}

}  // namespace labgpu
