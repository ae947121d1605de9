// Builds the login view with mount(2), setns(2) and unshare(2).
//
// The mounts are slaves of the host's, not private: a file system that the administrator unmounts
// goes from every login view too and is not kept busy by it, and nothing done here reaches the
// host. (For accounts with a shell of the host's they are private in the end: programs.cc says
// why.)
#include "pam_labgpu/login_view.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <iterator>

#include "common/paths.h"
#include "pam_labgpu/programs.h"

namespace labgpu {

namespace {

constexpr unsigned long kInert = MS_NOSUID | MS_NODEV | MS_NOEXEC;
constexpr char kRun[] = "/run";
constexpr char kTmp[] = "/tmp";

// What of /run stays: a name below it. One that does not exist is left out.
constexpr const char* kShownInRun[] = {
    // The helper's socket. The directory, so that a socket made anew is found there too. When it is
    // missing, the session command says so to the user, which a failure here could not.
    kSessionSocketDirectory,
    // Where /dev/log points with systemd: sshd's user child logs refused forwardings and the end of
    // the connection itself. A datagram socket, which `ssh -L` cannot connect to (it wants a
    // stream).
    "/run/systemd/journal/dev-log",
};

// Directories whose content a user's sshd must not reach although their permissions allow it.
// Everything else where sockets of the host's services live is in /run, or closed to users.
constexpr const char* kHidden[] = {
    "/var/tmp",                    // everybody's files and sockets
    "/dev/shm",                    // the same
    "/var/lib/labgpu/containers",  // other people's /tmp, with the sockets of their programs
    "/var/lib/docker",             // containers' files; 0711 in older releases
    "/var/lib/sss/pipes",          // SSSD's sockets
    "/var/lib/mysql",              // MySQL's socket where it is not in /run
    "/var/spool/postfix",          // sockets of Postfix's services
};

// `ssh -L` and -D to a name resolve it in sshd's user child, with these files. The host's resolver
// is often a service on its loopback or behind a socket in /run, which are not in the view, and the
// container has names of its own. What the helper linked beside the container's tmp directory
// (docs/ARCHITECTURE.md) is Docker's copy of the container's file.
struct NameFile {
  const char* path;
  const char* from_tmp;
};
constexpr NameFile kNameFiles[] = {
    {"/etc/hosts", "../hosts"},
    {"/etc/resolv.conf", "../resolv.conf"},
};
struct NameFds {
  UniqueFd fds[std::size(kNameFiles)];
};

bool mount_tmpfs(const char* where, const char* options, unsigned long more_flags) {
  return mount("tmpfs", where, "tmpfs", kInert | more_flags, options) == 0;
}

// Shows the file or directory `fd`, which is of this mount namespace, at `where` too. A bind mount
// takes flags only when it is remounted (mount(2)).
bool bind_fd(int fd, const char* where, unsigned long more_flags) {
  char source[sizeof "/proc/self/fd/" + 10];
  snprintf(source, sizeof source, "/proc/self/fd/%d", fd);
  return mount(source, where, nullptr, MS_BIND, nullptr) == 0 &&
         mount(nullptr, where, nullptr, MS_REMOUNT | MS_BIND | kInert | more_flags, nullptr) == 0;
}

bool is_same_file(int fd, const char* path) {
  struct stat ours {};
  struct stat theirs {};
  return fstat(fd, &ours) == 0 && stat(path, &theirs) == 0 && ours.st_dev == theirs.st_dev &&
         ours.st_ino == theirs.st_ino;
}

// A mount can only be bound by a process of the same mount namespace (Linux fs/namespace.c,
// __do_loopback: check_mnt, or EINVAL), and `fd` was opened by the helper, in its own or in the
// host's. So the directory is opened again by its name, and has to be the same one.
bool open_again(int fd, UniqueFd& out) {
  char link[sizeof "/proc/self/fd/" + 10];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  char path[PATH_MAX];
  ssize_t length = readlink(link, path, sizeof path);
  if (length < 0) return false;
  if (static_cast<size_t>(length) == sizeof path) {
    errno = ENAMETOOLONG;
    return false;
  }
  path[length] = '\0';
  out.reset(open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!out.valid()) return false;
  if (is_same_file(out.get(), link)) return true;
  errno = ESTALE;
  return false;
}

// The host's own network namespace would undo what this is for, however it came about.
bool enter_namespaces(const ContainerFds& container) {
  if (!container.valid()) return unshare(CLONE_NEWNET | CLONE_NEWUTS) == 0;
  if (is_same_file(container.net.get(), "/proc/self/ns/net")) {
    errno = EPERM;
    return false;
  }
  return setns(container.net.get(), CLONE_NEWNET) == 0 &&
         setns(container.uts.get(), CLONE_NEWUTS) == 0;
}

// Covers what there is of kHidden with one empty file system, made at the first of them: a bind
// mount of it has its flags, and costs a fourth of what another file system would. Returns nullptr,
// or what could not be covered.
const char* hide_directories() {
  const char* empty = nullptr;
  for (const char* directory : kHidden) {
    bool hidden = empty == nullptr
                      ? mount_tmpfs(directory, "mode=0555,size=4k,nr_inodes=1", MS_RDONLY)
                      : mount(empty, directory, nullptr, MS_BIND, nullptr) == 0;
    if (hidden && empty == nullptr) empty = directory;
    if (!hidden && errno != ENOENT && errno != ENOTDIR) return directory;
  }
  return nullptr;
}

// Makes the directories above `path`, all of which are below the staging tmpfs, and the place
// itself.
bool make_place(char* path, mode_t type) {
  for (char* slash = strchr(path + 1, '/'); slash != nullptr; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    int result = mkdir(path, 0755);
    *slash = '/';
    if (result != 0 && errno != EEXIST) return false;
  }
  return (type == S_IFDIR ? mkdir(path, 0755) : mknod(path, S_IFREG | 0444, 0)) == 0;
}

// Shows `path`, a name below /run, at the same name below `stage`.
bool show(const char* path, const char* stage) {
  UniqueFd source(open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!source.valid()) return errno == ENOENT;
  struct stat status {};
  char place[PATH_MAX];
  snprintf(place, sizeof place, "%s%s", stage, path + strlen(kRun));
  return fstat(source.get(), &status) == 0 && make_place(place, status.st_mode & S_IFMT) &&
         bind_fd(source.get(), place, MS_RDONLY);
}

// The host's file stays where the container's is not known. Before `kHidden` is.
NameFds open_name_files(const UniqueFd& tmp) {
  NameFds opened;
  for (size_t i = 0; tmp.valid() && i < std::size(kNameFiles); ++i) {
    UniqueFd file(openat(tmp.get(), kNameFiles[i].from_tmp, O_PATH | O_CLOEXEC));
    struct stat status {};
    if (file.valid() && fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode)) {
      opened.fds[i] = static_cast<UniqueFd&&>(file);
    }
  }
  return opened;
}

// Shows it in place of the host's. systemd-resolved and others have that in /run, behind a link, so
// its place may be one in the new /run.
bool show_name_file(const UniqueFd& file, const char* path, const char* stage) {
  char real[PATH_MAX];
  if (realpath(path, real) == nullptr) return errno == ENOENT;
  if (strncmp(real, "/run/", strlen("/run/")) != 0) return bind_fd(file.get(), real, MS_RDONLY);
  char place[PATH_MAX];
  snprintf(place, sizeof place, "%s%s", stage, real + strlen(kRun));
  return make_place(place, S_IFREG) && bind_fd(file.get(), place, MS_RDONLY);
}

bool show_name_files(const NameFds& files, const char* stage) {
  for (size_t i = 0; i < std::size(kNameFiles); ++i) {
    const UniqueFd& file = files.fds[i];
    if (file.valid() && !show_name_file(file, kNameFiles[i].path, stage)) return false;
  }
  return true;
}

// The new /run is put together on /tmp, which is covered again afterwards, and moved into place
// whole: until then a failure can be logged through the old one.
bool replace_run(const NameFds& name_files) {
  if (!mount_tmpfs(kTmp, "mode=0755,size=64k,nr_inodes=32", 0)) return false;
  mode_t umask_before = umask(0);  // pam_umask may have set one that would close the directories
  bool shown = true;
  for (const char* path : kShownInRun) shown = shown && show(path, kTmp);
  shown = shown && show_name_files(name_files, kTmp);
  umask(umask_before);
  return shown &&
         mount(nullptr, kTmp, nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | kInert, nullptr) == 0 &&
         mount(kTmp, kRun, nullptr, MS_MOVE, nullptr) == 0;
}

// Without a container: room for an agent socket, not for filling the host's memory.
bool replace_tmp(const UniqueFd& container_tmp) {
  return container_tmp.valid() ? bind_fd(container_tmp.get(), kTmp, 0)
                               : mount_tmpfs(kTmp, "mode=1777,size=64k,nr_inodes=64", 0);
}

}  // namespace

const char* enter_login_view(const ContainerFds& container, const char* shell) {
  if (unshare(CLONE_NEWNS) != 0) return "making a mount namespace";
  if (mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) {
    return "cutting the mounts off from the host's";
  }
  UniqueFd tmp;
  if (container.valid() && !open_again(container.tmp.get(), tmp)) {
    return "finding the container's /tmp";
  }
  NameFds name_files = open_name_files(tmp);
  if (!enter_namespaces(container)) return "entering the net and uts namespaces";
  if (const char* open = hide_directories()) return open;
  if (!replace_run(name_files)) return "replacing /run and the files of names";
  if (!replace_tmp(tmp)) return "replacing /tmp";
  return shell != nullptr ? leave_own_programs(shell) : replace_system_shell();
}

}  // namespace labgpu
