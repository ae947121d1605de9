// The logins that are open, as the rest of the helper knows them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "helper/date.h"
#include "helper/error.h"

namespace labgpu {

// From PAM's open_session to the end of sshd's process, whatever runs in between.
struct Login {
  uint64_t number = 0;  // the helper's, as in its log; a new helper begins anew
  std::string user;
  std::string remote_host;  // as sshd says
  Microseconds since = 0;
  pid_t process = 0;  // sshd's own for it
};

class Logins {
 public:
  virtual ~Logins() = default;
  // Of that account.
  [[nodiscard]] virtual uint64_t count_of(const std::string& user) const = 0;
  // How many of its logins this helper has seen begin.
  [[nodiscard]] virtual uint64_t begun_by(const std::string& user) const = 0;
  // In the order in which they began.
  [[nodiscard]] virtual std::vector<Login> list() const = 0;
  // Asks sshd to end it, which takes a moment. kNotFound when it is over.
  virtual Result<void> end(uint64_t number) = 0;
};

}  // namespace labgpu
