// A connection made by a process of another user, perhaps in another network.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "common/unique_fd.h"

namespace labgpu::test {

// The process lives as long as the object, so that the kernel's word for the peer stays true; the
// connection is handed over, so that a test plays the client itself.
class PeerProcess {
 public:
  struct Who {
    uid_t uid = 0;
    bool own_network = false;
    bool own_users = false;       // the network within a user namespace that the user made
    int type = 0;                 // SOCK_SEQPACKET or SOCK_STREAM
    std::vector<gid_t> groups{};  // beside the one that has the number of the user
  };
  PeerProcess(Who who, const std::string& socket_path);
  PeerProcess(const PeerProcess&) = delete;
  PeerProcess& operator=(const PeerProcess&) = delete;
  ~PeerProcess();

  // Non-blocking.
  UniqueFd connection;

 private:
  pid_t pid_ = -1;
};

}  // namespace labgpu::test
