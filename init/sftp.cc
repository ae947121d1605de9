// Which sftp server a container has.
#include "init/sftp.h"

#include <limits.h>

#include <algorithm>

#include "common/parse.h"
#include "common/paths.h"

namespace labgpu {

namespace {

constexpr const char* kServers[] = {
    "/usr/lib/openssh/sftp-server",      // Debian, Ubuntu
    "/usr/libexec/openssh/sftp-server",  // Fedora, RHEL
    "/usr/lib/ssh/sftp-server",          // Arch, Alpine, openSUSE
    "/usr/lib/sftp-server",              // Debian's link of old
    "/usr/libexec/sftp-server",          // OpenSSH's own default
    kGuestSftpServer,                    // labgpu's
};

}  // namespace

SftpCommand resolve_sftp(std::string_view command, bool (*exists)(const char* path),
                         CommandLine& out) {
  std::string_view program(command.data(), std::min(command.find(' '), command.size()));
  bool asks_for_sftp = program == "internal-sftp" ||
                       (has_prefix(program, "/") && has_suffix(program, "/sftp-server"));
  if (!asks_for_sftp) return SftpCommand::kOther;
  TextBuffer<PATH_MAX> path;
  if (has_prefix(program, "/") && path.add(program).ok() && exists(path.c_str())) {
    return SftpCommand::kOther;
  }
  for (const char* server : kServers) {
    if (!exists(server)) continue;
    std::string_view arguments = command;
    arguments.remove_prefix(program.size());
    out.clear();
    if (server == kGuestSftpServer) out.add(kGuestSftpLoader);
    out.add(server).add(arguments);
    return out.ok() ? SftpCommand::kMoved : SftpCommand::kMissing;
  }
  return SftpCommand::kMissing;
}

}  // namespace labgpu
