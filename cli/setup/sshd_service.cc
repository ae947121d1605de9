// The running sshd: made to read its configuration again.
#include "cli/setup/sshd_service.h"

#include <unistd.h>

namespace labgpu {

namespace {

// sd_booted(3).
bool systemd_runs() { return access("/run/systemd/system", F_OK) == 0; }

bool is_active(const std::string& unit, const HeldSignals& signals) {
  auto outcome =
      run_program({"systemctl", "is-active", "--quiet", unit}, Output::kCapture, signals);
  return outcome && outcome->status == 0;
}

}  // namespace

Result<std::string> reload_sshd(const HeldSignals& signals) {
  if (!systemd_runs()) {
    return "systemd does not run here; make a running sshd read its configuration: "
           "kill -HUP the process id in /run/sshd.pid";
  }
  // Debian's name and everybody else's.
  for (const char* unit : {"ssh.service", "sshd.service"}) {
    if (!is_active(unit, signals)) continue;
    auto done = run_checked("cannot reload " + std::string(unit), {"systemctl", "reload", unit},
                            Output::kCapture, signals);
    if (!done) return Failed(done.error());
    return std::string(unit) + " was reloaded";
  }
  for (const char* unit : {"ssh.socket", "sshd.socket"}) {
    if (is_active(unit, signals)) {
      return std::string(unit) + " starts sshd when somebody connects; nothing to reload";
    }
  }
  return "sshd does not run as a systemd unit; it reads its configuration when it is started";
}

}  // namespace labgpu
