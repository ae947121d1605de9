// sshd's user child, played by the test: a fork that calls setcred once more and looks around.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>

#include "common/unique_fd.h"
#include "tests/module/pam/pam_login.h"

namespace labgpu::test {

// What a process sees of the system, by name: "net" "uts" "mnt" the namespaces, "hostname",
// "interfaces", "environment", "sockets" and "descriptors" how many it holds, "mounts" its
// /proc/self/mounts, and for each of the directories below its names, sorted, with spaces between.
using View = std::map<std::string, std::string>;
inline constexpr const char* kLookedAt[] = {"/tmp",
                                            "/run",
                                            "/run/labgpu",
                                            "/run/labgpu/session",
                                            "/run/systemd/journal",
                                            "/var/tmp",
                                            "/dev/shm",
                                            "/var/lib/labgpu/containers",
                                            "/var/lib/labgpu/nss"};
View look_around(const PamLogin& login);

// Forks; in the child calls setcred and reports what it sees, then waits for the end of the object.
class UserChild {
 public:
  explicit UserChild(PamLogin& login, int flags = PAM_ESTABLISH_CRED);
  UserChild(const UserChild&) = delete;
  UserChild& operator=(const UserChild&) = delete;
  ~UserChild();

  // What setcred returned and what the child then saw; nothing when it ended in setcred.
  [[nodiscard]] const std::optional<int>& result() const { return result_; }
  [[nodiscard]] const View& view() const { return view_; }
  // Lets the child end, and returns its exit status; -1 when a signal killed it.
  int wait();

 private:
  [[noreturn]] static void run(PamLogin& login, int flags, int report, int go);

  pid_t process_ = -1;
  UniqueFd go_;
  std::optional<int> result_;
  View view_;
};

}  // namespace labgpu::test
