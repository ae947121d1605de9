// What sshd itself says about its configuration: `sshd -t` and `sshd -T -C`.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/result.h"
#include "cli/subprocess.h"

namespace labgpu {

// sshd's effective settings for one user: keyword in lower case, value as sshd prints it. Of
// keywords that sshd prints several times the last counts.
using SshdSettings = std::map<std::string, std::string>;

class SshdConfigTest {
 public:
  // `signals` must outlive it.
  SshdConfigTest(std::string config, const HeldSignals& signals)
      : config_(std::move(config)), signals_(signals) {}

  // Fails with sshd's own words when it would not start with this configuration.
  Result<void> syntax() const;
  // As for a connection from this machine to itself.
  Result<SshdSettings> settings_for(const std::string& user) const;

 private:
  Result<Outcome> run(std::vector<std::string> arguments) const;
  std::string config_;
  const HeldSignals& signals_;
};

// Settings that apply before any drop-in: is PAM used, and under labgpu's service name? A sentence
// for each that is wrong.
std::vector<std::string> global_faults(const SshdSettings& settings);

// What is wrong with a labgpu account's settings, a sentence each; nothing when all is as the
// drop-in wants it.
std::vector<std::string> member_faults(const SshdSettings& settings);

}  // namespace labgpu
