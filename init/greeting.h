// What a person reads when a login shell starts: the container's message of the day.
#pragma once

namespace labgpu {

// Writes the container's /run/motd.dynamic and /etc/motd to standard output, as pam_motd(8) has it
// set up in Debian's /etc/pam.d/sshd; nothing when the home has a .hushlogin. The host's own
// message is sshd's to write, and sshd writes none before a forced command. Runs as the user; what
// cannot be read is left out.
void show_greeting(const char* home);

}  // namespace labgpu
