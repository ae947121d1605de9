// The first process of the tests' containers: listens where labgpu-init does, and waits for the
// stop signal. In a container whose host name begins with "dies" it ends at once with status 3, as
// a broken image's would; in one with "mute" it does not listen.
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/paths.h"

namespace {

bool listen_for_the_helper() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, labgpu::kGuestInitSocket, sizeof labgpu::kGuestInitSocket);
  unlink(address.sun_path);
  int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  return bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
         listen(listener, 8) == 0;
}

}  // namespace

int main() {
  sigset_t awaited;
  sigemptyset(&awaited);
  sigaddset(&awaited, SIGTERM);
  sigprocmask(SIG_BLOCK, &awaited, nullptr);
  char name[64] = {};
  if (gethostname(name, sizeof name - 1) == 0 && strncmp(name, "dies", 4) == 0) return 3;
  if (strncmp(name, "mute", 4) != 0 && !listen_for_the_helper()) return 4;
  int signal_number = 0;
  sigwait(&awaited, &signal_number);
  return 0;
}
