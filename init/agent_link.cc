// The link is replaced by rename(2), so that there is one at any time.
#include "init/agent_link.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/text_buffer.h"
#include "common/unique_fd.h"
#include "common/unix_address.h"

namespace labgpu {

namespace {

using Path = TextBuffer<PATH_MAX>;

constexpr mode_t kOwnerOnly = 0700;  // ssh(1), FILES, on ~/.ssh

bool may_be_replaced(const char* link) {
  struct stat status {};
  return lstat(link, &status) == 0 ? S_ISLNK(status.st_mode) : errno == ENOENT;
}

// Without waiting; a listener whose queue is full (EAGAIN) counts as one that answers.
bool somebody_listens(std::string_view path) {
  sockaddr_un address{};
  if (!set_unix_address(address, path)) return false;
  UniqueFd peer(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  return peer.valid() &&
         (connect(peer.get(), as_sockaddr(address), sizeof address) == 0 || errno == EAGAIN);
}

// Where the link leads, since its own name may be too long for an address.
bool leads_to_an_agent(const char* link) {
  char target[PATH_MAX];
  ssize_t size = readlink(link, target, sizeof target);
  return size > 0 && somebody_listens(std::string_view(target, static_cast<size_t>(size)));
}

}  // namespace

void link_agent(std::string_view home, std::string_view socket, bool take_over) {
  if (socket.empty() || socket.front() != '/') return;
  Path link;
  Path fresh;
  Path target;
  link.add(home).add(kAgentLink);
  fresh.add(link.view()).add(".").add(static_cast<unsigned>(getpid()));
  target.add(socket);
  if (!fresh.ok() || !target.ok() || !may_be_replaced(link.c_str())) return;
  if (!take_over && leads_to_an_agent(link.c_str())) return;
  Path directory;
  directory.add(home).add("/.ssh");
  [[maybe_unused]] int made = mkdir(directory.c_str(), kOwnerOnly);  // it may be there
  if (symlink(target.c_str(), fresh.c_str()) != 0) return;
  if (rename(fresh.c_str(), link.c_str()) != 0) unlink(fresh.c_str());
}

}  // namespace labgpu
