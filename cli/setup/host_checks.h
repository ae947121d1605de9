// What has to be on the server before sshd may be told about labgpu, and what a login needs
// besides.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace labgpu {

// One thing that was looked at.
struct Finding {
  bool ok = false;
  // sshd must not be set up without it, because logins of others would suffer.
  bool blocks = false;
  std::string what;    // "the PAM module"
  std::string advice;  // what to do; empty when ok
};

// `root` is the directory that stands for "/": empty for the running system. Of another root only
// files are looked at.
std::vector<Finding> check_host(const std::string& root);

// The name of one account that labgpu manages, from the running system's user database.
std::optional<std::string> any_member();

}  // namespace labgpu
