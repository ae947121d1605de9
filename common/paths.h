// Where things are on the server and inside a container; the packaging and the units agree with it.
#pragma once

namespace labgpu {

// On the server.
inline constexpr char kConfigFile[] = "/etc/labgpu/labgpu.json";
inline constexpr char kStateDirectory[] = "/var/lib/labgpu";
inline constexpr char kPasswdIndex[] = "/var/lib/labgpu/nss/passwd.cdb";
inline constexpr char kGroupIndex[] = "/var/lib/labgpu/nss/group.cdb";
inline constexpr char kShadowIndex[] = "/var/lib/labgpu/nss/shadow.cdb";
inline constexpr char kBridgeIndex[] = "/var/lib/labgpu/nss/bridge.cdb";
// A file for each account of the index, named after it.
inline constexpr char kIndexedNames[] = "/var/lib/labgpu/nss/names";
inline constexpr char kAdminSocket[] = "/run/labgpu/org.labgpu";
// The directory, not only the socket, is what a login's private /run shows, so that a socket made
// anew by systemd is found there too.
inline constexpr char kSessionSocketDirectory[] = "/run/labgpu/session";
inline constexpr char kSessionSocket[] = "/run/labgpu/session/socket";
// systemd starts a labgpu-gpus for each connection to it.
inline constexpr char kGpuSocket[] = "/run/labgpu/gpus";
// systemd's user database asks every socket in this directory, and knows its service by the name.
inline constexpr char kUserdbSocket[] = "/run/systemd/userdb/org.labgpu";
inline constexpr char kUserdbService[] = "org.labgpu";
inline constexpr char kHelperProgram[] = "/usr/libexec/labgpu/labgpud";
inline constexpr char kSessionCommand[] = "/usr/libexec/labgpu/labgpu-session";
// What that runs for `ssh alice@host labgpu ...`, on the server and as alice.
inline constexpr char kSelfCommand[] = "/usr/libexec/labgpu/labgpu-self";
// The shell of who must not log in (nologin(8)).
inline constexpr char kNoLogin[] = "/usr/sbin/nologin";
// What of labgpu every container sees, read-only, at kGuestPrograms.
inline constexpr char kGuestDirectory[] = "/usr/libexec/labgpu/guest";

// What `labgpu setup` tells sshd.
inline constexpr char kSshdDropIn[] = "/etc/ssh/sshd_config.d/00-labgpu.conf";

// The group of every account of labgpu's own; sshd's drop-in matches it.
inline constexpr char kGroupName[] = "labgpu";
// A group of the server's, whose members administer labgpu as root does.
inline constexpr char kAdminGroupName[] = "labgpu-admin";

// Inside a container.
inline constexpr char kGuestPrograms[] = "/.labgpu/bin";
inline constexpr char kGuestInit[] = "/.labgpu/bin/labgpu-init";
// A copy of the host's sftp-server, its dynamic linker and its libraries, for images that have no
// sftp server; update-guest-sftp makes it.
inline constexpr char kGuestSftpServer[] = "/.labgpu/bin/sftp/sftp-server";
inline constexpr char kGuestSftpLoader[] =
    "/.labgpu/bin/sftp/ld.so --library-path /.labgpu/bin/sftp/lib ";
// The host's <state>/containers/<name>/run, where init listens.
inline constexpr char kGuestRun[] = "/.labgpu/run";
inline constexpr char kInitSocketName[] = "init.sock";
inline constexpr char kGuestInitSocket[] = "/.labgpu/run/init.sock";

}  // namespace labgpu
