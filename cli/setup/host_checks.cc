// What has to be on the server before sshd may be told about labgpu.
#include "cli/setup/host_checks.h"

#include <dlfcn.h>
#include <glob.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "common/paths.h"

namespace labgpu {

namespace {

// Where libpam looks for modules: Debian's multiarch directory and the plain ones.
constexpr const char* kModulePatterns[] = {
    "/lib/*/security/pam_labgpu.so", "/usr/lib/*/security/pam_labgpu.so",
    "/lib/security/pam_labgpu.so", "/lib64/security/pam_labgpu.so",
    "/usr/lib64/security/pam_labgpu.so"};

std::string first_match(const std::string& root) {
  for (const char* pattern : kModulePatterns) {
    glob_t found{};
    std::string path;
    if (glob((root + pattern).c_str(), 0, nullptr, &found) == 0) path = found.gl_pathv[0];
    globfree(&found);
    if (!path.empty()) return path;
  }
  return "";
}

// A "required" module that libpam cannot load would refuse everybody's login, root's too.
Finding check_module(const std::string& root) {
  Finding finding{false, true, "the PAM module pam_labgpu.so", ""};
  std::string path = first_match(root);
  if (path.empty()) {
    finding.advice = "it is not installed; install the package libpam-labgpu";
    return finding;
  }
  if (root.empty()) {
    void* module = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (module == nullptr) {
      finding.advice = std::string("it cannot be loaded: ") + dlerror();
      return finding;
    }
    dlclose(module);
  }
  finding.ok = true;
  return finding;
}

Finding check_session_command(const std::string& root) {
  Finding finding{false, true, "the session command " + std::string(kSessionCommand), ""};
  finding.ok = access((root + kSessionCommand).c_str(), X_OK) == 0;
  if (!finding.ok) finding.advice = "it is not installed; install the package labgpu";
  return finding;
}

// nsswitch.conf(5): "database: service [action] service …".
bool has_service(const std::string& line, const std::string& database) {
  std::istringstream words(line.substr(0, line.find('#')));
  std::string word;
  if (!(words >> word) || word != database + ":") return false;
  while (words >> word) {
    if (word == "labgpu") return true;
  }
  return false;
}

Finding check_nsswitch(const std::string& root, const std::string& database) {
  Finding finding{false, false, "labgpu in the line " + database + ": of /etc/nsswitch.conf", ""};
  std::ifstream file(root + "/etc/nsswitch.conf");
  for (std::string line; std::getline(file, line);) {
    finding.ok = finding.ok || has_service(line, database);
  }
  if (!finding.ok) {
    finding.advice =
        "accounts are not found; install the package libnss-labgpu, which adds it, or "
        "write \"labgpu\" at the end of that line";
  }
  return finding;
}

Finding check_socket(const std::string& root, const std::string& path) {
  struct stat info {};
  Finding finding{false, false, "the helper's socket " + path, ""};
  finding.ok = stat((root + path).c_str(), &info) == 0 && S_ISSOCK(info.st_mode);
  if (!finding.ok) finding.advice = "no login gets a container; systemctl start labgpud.socket";
  return finding;
}

}  // namespace

std::vector<Finding> check_host(const std::string& root) {
  std::vector<Finding> findings{check_module(root), check_session_command(root)};
  for (const char* database : {"passwd", "group", "shadow"}) {
    findings.push_back(check_nsswitch(root, database));
  }
  for (const char* path : {kSessionSocket, kAdminSocket}) {
    findings.push_back(check_socket(root, path));
  }
  return findings;
}

std::optional<std::string> any_member() {
  std::optional<std::string> name;
  setpwent();
  while (const passwd* entry = getpwent()) {
    if (std::string(entry->pw_shell) != kSessionCommand) continue;
    name = entry->pw_name;
    break;
  }
  endpwent();
  return name;
}

}  // namespace labgpu
