// Which sftp server a container has.
//
// sshd asks for the `sftp` subsystem by the host's path (Debian: /usr/lib/openssh/sftp-server) or
// by the name internal-sftp, which is sshd itself (sshd_config(5), Subsystem). The container's
// distribution may keep the program elsewhere.
#pragma once

#include <stddef.h>

#include <string_view>

#include "common/messages.h"
#include "common/text_buffer.h"

namespace labgpu {

using CommandLine = TextBuffer<kMaxPacket>;

enum class SftpCommand {
  kOther,    // it is not about sftp, or the program is where the command says
  kMoved,    // `out` is the command for this container, its arguments kept
  kMissing,  // the container has no sftp server
};

// `exists` tells whether a path is a program; it is access(2) but for tests.
[[nodiscard]] SftpCommand resolve_sftp(std::string_view command, bool (*exists)(const char* path),
                                       CommandLine& out);

}  // namespace labgpu
