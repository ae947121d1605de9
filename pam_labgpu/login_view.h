// The login view: what sshd's user child, and nobody else, sees of the host and of the network.
//
// That process carries out the user's port, agent and X11 forwarding and runs the session command,
// as the user, on the host. Whatever it can connect to, `ssh -L` can. So it gets the container's
// network and host name, the container's /tmp and files of names, a /run with hardly anything in
// it, and empty directories where other people's sockets may be.
#pragma once

#include "common/unique_fd.h"

namespace labgpu {

// The parts of a container that a login view is made of. Either all are valid or none is.
struct ContainerFds {
  UniqueFd net;  // its network namespace
  UniqueFd uts;  // its uts namespace
  UniqueFd tmp;  // the host directory that is its /tmp; O_PATH will do
  [[nodiscard]] bool valid() const { return net.valid(); }
};

// Moves the calling process into a login view of `container`, or, when that is not valid, into the
// same view with empty net and uts namespaces and an empty /tmp (a detached login). The session
// command stands in place of /bin/sh; with a `shell`, a program of the host, in its place too, and
// nothing but labgpu's own programs can be executed (pam_labgpu/programs.h). Needs CAP_SYS_ADMIN
// and a single thread. The descriptors stay open.
//
// Returns nullptr, or what could not be done, with the reason in errno. The process is then part in
// and part out, and must end.
[[nodiscard]] const char* enter_login_view(const ContainerFds& container, const char* shell);

}  // namespace labgpu
