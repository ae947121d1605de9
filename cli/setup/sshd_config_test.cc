// What sshd itself says about its configuration.
#include "cli/setup/sshd_config_test.h"

#include <sys/stat.h>

#include <array>
#include <sstream>

#include "common/paths.h"

namespace labgpu {

namespace {

constexpr char kSshd[] = "/usr/sbin/sshd";
// Compiled into Debian's sshd, which does not even test a configuration without it. systemd makes
// it (RuntimeDirectory=sshd) only while the service runs.
constexpr char kPrivsepDirectory[] = "/run/sshd";

struct Expected {
  const char* keyword;
  const char* value;
  const char* why;
};

constexpr std::array<Expected, 5> kMemberSettings{{
    {"forcecommand", kSessionCommand, "logins would get a shell that is not in their container"},
    {"authorizedkeysfile", ".ssh/authorized_keys /var/lib/labgpu/keys/%u",
     "keys given with `labgpu key add` would not count"},
    {"permituserrc", "no", "~/.ssh/rc would be run on the host"},
    {"permittunnel", "no", "users could make tunnel devices on the host"},
    {"chrootdirectory", "none", "the forced command would not be found"},
}};

std::string value_of(const SshdSettings& settings, const std::string& keyword) {
  auto found = settings.find(keyword);
  return found == settings.end() ? "" : found->second;
}

}  // namespace

Result<Outcome> SshdConfigTest::run(std::vector<std::string> arguments) const {
  mkdir(kPrivsepDirectory, 0755);
  arguments.insert(arguments.begin(), {kSshd, "-f", config_});
  return run_checked("sshd does not accept " + config_, arguments, Output::kCapture, signals_);
}

Result<void> SshdConfigTest::syntax() const {
  auto outcome = run({"-t"});
  if (!outcome) return Failed(outcome.error());
  return {};
}

Result<SshdSettings> SshdConfigTest::settings_for(const std::string& user) const {
  // sshd refuses to answer when a Match line asks for something that is not in this list.
  auto outcome = run(
      {"-T", "-C",
       "user=" + user + ",host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=22,rdomain=none"});
  if (!outcome) return Failed(outcome.error());
  SshdSettings settings;
  std::istringstream lines(outcome->out);
  for (std::string line; std::getline(lines, line);) {
    size_t space = line.find(' ');
    settings[line.substr(0, space)] = space == std::string::npos ? "" : line.substr(space + 1);
  }
  return settings;
}

std::vector<std::string> global_faults(const SshdSettings& settings) {
  std::vector<std::string> faults;
  if (value_of(settings, "usepam") != "yes") {
    faults.emplace_back("sshd does not use PAM; write \"UsePAM yes\" in its configuration");
  }
  // Since OpenSSH 10.0 the name of the file in /etc/pam.d can be chosen.
  auto service = settings.find("pamservicename");
  if (service != settings.end() && service->second != "sshd") {
    faults.push_back("sshd uses the PAM service \"" + service->second +
                     "\", not /etc/pam.d/sshd; take PAMServiceName out of its configuration");
  }
  return faults;
}

std::vector<std::string> member_faults(const SshdSettings& settings) {
  std::vector<std::string> faults;
  for (const auto& expected : kMemberSettings) {
    auto value = value_of(settings, expected.keyword);
    if (value == expected.value) continue;
    faults.push_back("sshd's " + std::string(expected.keyword) + " for labgpu's accounts is \"" +
                     value + "\", not \"" + expected.value + "\": " + expected.why);
  }
  return faults;
}

}  // namespace labgpu
