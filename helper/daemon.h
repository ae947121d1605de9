// labgpud put together: every part, in the order in which they need each other.
#pragma once

#include <string>

#include "common/paths.h"
#include "helper/error.h"

namespace labgpu {

struct DaemonOptions {
  // Without systemd: make the sockets, log to stderr.
  bool foreground = false;
  bool debug = false;
  std::string config = kConfigFile;
  std::string state_directory = kStateDirectory;
  // Where the sockets are made with `foreground`; else systemd passes them.
  std::string session_socket = kSessionSocket;
  std::string admin_socket = kAdminSocket;
  std::string userdb_socket;  // empty: not served
};

// Serves until SIGTERM or SIGINT and returns the exit status. What is wrong at the start is the
// error. Containers and the sessions in them are not touched by the helper's end: they go on, and
// only the count of open sessions begins anew, since PAM's connections end with the helper.
//
// SIGHUP has it read the configuration again; what is wrong with that is logged, and the last good
// one stays in force.
Result<int> run_daemon(const DaemonOptions& options);

// Whether a start or a SIGHUP would take the configuration; changes nothing.
Result<void> check_config(const DaemonOptions& options);

}  // namespace labgpu
