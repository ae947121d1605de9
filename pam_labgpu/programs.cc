// Puts the session command where sshd looks, and takes the right to be executed from every mount
// but those of labgpu's programs.
//
// sshd runs xauth through popen(3) with the variables that the client sent (session.c,
// do_rc_files): where AcceptEnv lets LD_PRELOAD in, the host's shell would load a file of the
// user's.
//
// sshd starts `SHELL -c FORCED-COMMAND` (OpenSSH session.c, do_child), and bash reads ~/.bashrc
// when sshd starts it so (bash(1), INVOCATION): a file of the user's, in a home that container root
// can write. A session command in the shell's place alone would not do: sshd looked the shell up
// before PAM did, and a directory may let people change their own; and whoever replaces a file,
// such as a package's update, takes the mounts from its place in every namespace (Linux
// fs/namespace.c, __detach_mounts). Without the right to be executed, each of these ends in EACCES.
#include "pam_labgpu/programs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <paths.h>
#include <stdlib.h>
#include <sys/mount.h>

#include "common/paths.h"

namespace labgpu {

namespace {

// Sees through links: /bin may be one, and so may the shell.
bool show(const char* program, const char* where) {
  constexpr unsigned long kRights = MS_RDONLY | MS_NOSUID | MS_NODEV;
  char place[PATH_MAX];
  return realpath(where, place) != nullptr &&
         mount(program, place, nullptr, MS_BIND, nullptr) == 0 &&
         mount(nullptr, place, nullptr, MS_REMOUNT | MS_BIND | kRights, nullptr) == 0;
}

}  // namespace

const char* replace_system_shell() {
  return show(kSessionCommand, _PATH_BSHELL) ? nullptr : _PATH_BSHELL;
}

const char* leave_own_programs(const char* shell) {
  // Linux 5.12 and later. What is mounted on the host from now on, by an automounter say, would
  // come with the right; it stays away.
  mount_attr no_programs{};
  no_programs.attr_set = MOUNT_ATTR_NOEXEC;
  no_programs.propagation = MS_PRIVATE;
  if (mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &no_programs, sizeof no_programs) != 0) {
    return "taking the right to execute from the host's programs";
  }
  // Its own place first: it is where the other two are taken from, and may be the shell.
  const char* const places[] = {kSessionCommand, _PATH_BSHELL, shell};
  for (const char* place : places) {
    if (!show(kSessionCommand, place)) return place;
  }
  // What the session command itself executes. It says so when that is not there, as in the middle
  // of an update.
  return show(kSelfCommand, kSelfCommand) || errno == ENOENT ? nullptr : kSelfCommand;
}

}  // namespace labgpu
