// What the module gets of a container: namespaces of a process, and a directory.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "common/unique_fd.h"

namespace labgpu::test {

inline constexpr char kContainerHostName[] = "alice-VM";
inline constexpr char kContainerTmp[] = "/var/lib/labgpu/containers/alice/tmp";
inline constexpr char kOtherTmp[] = "/var/lib/labgpu/containers/bob/tmp";

// A process with net, uts and mount namespaces of its own, until the object goes. Its /tmp on the
// host has a file "inside". The directory's descriptor is opened in the other mount namespace, as
// by a helper that systemd gave one.
class FakeContainer {
 public:
  FakeContainer();
  FakeContainer(const FakeContainer&) = delete;
  FakeContainer& operator=(const FakeContainer&) = delete;
  ~FakeContainer();

  // Borrowed: net, uts, tmp.
  [[nodiscard]] std::vector<int> fds() const { return {net_.get(), uts_.get(), tmp_.get()}; }
  // What readlink(2) says for /proc/PID/ns/`which`.
  [[nodiscard]] std::string namespace_name(const std::string& which) const;

 private:
  pid_t process_ = -1;
  UniqueFd net_;
  UniqueFd uts_;
  UniqueFd tmp_;
};

}  // namespace labgpu::test
