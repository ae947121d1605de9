// Makes a Debian root file system in a directory.
#include "cli/image/root_builder.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/image/work_directory.h"

namespace labgpu {

namespace {

namespace fs = std::filesystem;

std::string join(const std::vector<std::string>& words, const std::string& separator) {
  std::string text;
  for (const auto& word : words) {
    if (!text.empty()) text += separator;
    text += word;
  }
  return text;
}

Result<void> write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  file.close();
  if (!file) return fail("cannot write " + path);
  return {};
}

// What debootstrap leaves open: all archives, and how they are reached.
Result<void> configure_apt(const RootRequest& request, const std::string& directory) {
  std::string sources;
  for (const auto& source : request.apt.sources) sources += source_line(source) + "\n";
  auto written = write_file(directory + "/etc/apt/sources.list", sources);
  if (!written || request.apt.options.empty()) return written;
  return write_file(directory + "/etc/apt/apt.conf.d/99labgpu",
                    join(request.apt.options, "\n") + "\n");
}

// All of them, at any depth; directories stay, because apt and others do not make theirs anew.
void remove_files(const std::string& directory) {
  std::error_code error;
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(directory, error)) {
    if (entry.is_symlink() || !entry.is_directory()) files.push_back(entry.path());
  }
  for (const auto& file : files) fs::remove(file, error);
}

Result<void> run_debootstrap(const RootRequest& request, const std::string& directory,
                             const HeldSignals& signals) {
  auto commands = debootstrap_commands(request, directory);
  for (size_t i = 0; i < commands.size(); ++i) {
    auto done = run_checked("debootstrap could not make the image", commands[i], Output::kProgress,
                            signals);
    if (!done) return Failed(done.error());
    if (i > 0) continue;
    auto configured = configure_apt(request, directory);
    if (!configured) return configured;
  }
  return {};
}

}  // namespace

std::vector<std::string> mmdebstrap_command(const RootRequest& request,
                                            const std::string& directory) {
  std::vector<std::string> command{"mmdebstrap", "--variant=minbase", "--mode=root",
                                   "--format=directory",
                                   "--include=" + join(request.packages, ",")};
  for (const auto& option : request.apt.options) command.push_back("--aptopt=" + option);
  command.insert(command.end(), {request.suite, directory});
  for (const auto& source : request.apt.sources) command.push_back(source_line(source));
  return command;
}

std::vector<std::vector<std::string>> debootstrap_commands(const RootRequest& request,
                                                           const std::string& directory) {
  // RUNLEVEL=1 keeps packages from starting services (invoke-rc.d(8)).
  std::vector<std::string> apt{"chroot",
                               directory,
                               "/usr/bin/env",
                               "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                               "DEBIAN_FRONTEND=noninteractive",
                               "RUNLEVEL=1",
                               "apt-get",
                               "-y",
                               "-q"};
  auto update = apt;
  update.emplace_back("update");
  auto upgrade = apt;
  upgrade.emplace_back("dist-upgrade");
  auto install = apt;
  install.insert(install.end(), {"--no-install-recommends", "install"});
  install.insert(install.end(), request.packages.begin(), request.packages.end());
  auto clean = apt;
  clean.emplace_back("clean");
  return {{"debootstrap", "--variant=minbase", "--include=ca-certificates", request.suite,
           directory, request.apt.sources.front().uri},
          update,
          upgrade,
          install,
          clean};
}

Result<void> build_root(const RootRequest& request, const std::string& directory,
                        const HeldSignals& signals) {
  if (have_program("mmdebstrap")) {
    auto done = run_checked("mmdebstrap could not make the image",
                            mmdebstrap_command(request, directory), Output::kProgress, signals);
    if (!done) return Failed(done.error());
    return {};
  }
  if (have_program("debootstrap")) return run_debootstrap(request, directory, signals);
  return fail("neither mmdebstrap nor debootstrap is installed; apt-get install mmdebstrap");
}

Result<void> finish_root(const std::string& directory) {
  auto unmounted = unmount_below(directory);
  if (!unmounted) return unmounted;
  std::error_code error;
  for (const char* folder : {"/var/lib/apt/lists", "/var/cache/apt", "/var/log", "/tmp", "/run"}) {
    remove_files(directory + folder);
  }
  // Docker writes both of these for each container.
  for (const char* file : {"/etc/resolv.conf", "/etc/hostname"})
    fs::remove(directory + file, error);
  // machine-id(5): an empty one is filled in by whoever needs it, and never shared by two
  // containers.
  auto written = write_file(directory + "/etc/machine-id", "");
  if (written) written = write_file(directory + "/etc/default/locale", "LANG=C.UTF-8\n");
  return written;
}

}  // namespace labgpu
