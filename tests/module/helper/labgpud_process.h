// labgpud as a process of the test's, and a Varlink call to it.
#pragma once

#include <sys/types.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "common/paths.h"
#include "common/unique_fd.h"
#include "tests/support/temporary_directory.h"

namespace labgpu::test {

// The gid of labgpu-admin; private_group.cc sees to it.
inline constexpr gid_t kAdminGroup = 4712;

// A server's files in a temporary directory: configuration, state, homes, sockets.
struct ServerFiles {
  ServerFiles();
  TemporaryDirectory directory;
  std::string config = directory / "labgpu.json";
  std::string state = directory / "state";
  std::string session_socket = directory / "session";
  std::string admin_socket = directory / "admin";
  std::string userdb_socket = directory / "userdb";
  std::string log = directory / "log";
  [[nodiscard]] std::vector<std::string> arguments() const;  // for --foreground
};

// Ended with SIGKILL, if it still runs, when the object goes.
class LabgpudProcess {
 public:
  // `fds` become 3, 4 …; `environment` is added, with LISTEN_PID where systemd would set it.
  LabgpudProcess(std::vector<std::string> arguments, const std::string& log,
                 const std::vector<int>& fds = {},
                 const std::vector<std::string>& environment = {});
  LabgpudProcess(const LabgpudProcess&) = delete;
  LabgpudProcess& operator=(const LabgpudProcess&) = delete;
  ~LabgpudProcess();

  // Nothing when it is known to have ended.
  void send_signal(int number) const;
  // It may open that many files more than it has open now.
  void allow_more_files(unsigned count) const;
  // The exit status, or 256 and the signal that ended it. Waits at most 30 seconds.
  int wait();
  [[nodiscard]] bool runs();

 private:
  pid_t pid_ = -1;
  int status_ = -1;
};

// Starts labgpud for `files` and returns when it serves.
class RunningLabgpud : public LabgpudProcess {
 public:
  explicit RunningLabgpud(const ServerFiles& files);
};

// A connection to a stream socket, with time limits on both directions.
UniqueFd connect_stream(const std::string& path);
// One call, one reply; null when the connection ended instead.
nlohmann::json varlink_call(const std::string& path, const std::string& method,
                            const nlohmann::json& parameters);
// The next message on `socket`, null at its end.
nlohmann::json receive_reply(int socket);

}  // namespace labgpu::test
