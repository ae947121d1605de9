// labgpu-init: PID 1 of a container. Starts what session commands ask for, and reaps.
//
// It runs as the container's root, confined by Docker like everything else in there. The helper
// reaches it through the socket at kGuestInitSocket (docs/PROTOCOL.md, "Init's socket").
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/paths.h"
#include "common/text_buffer.h"
#include "init/log.h"
#include "init/provision.h"
#include "init/server.h"

namespace labgpu {

namespace {

// Ready made in the program file: nothing is filled in at the start.
constinit Server server;

// Descriptors 0 to 2 stay taken, so that none that is opened or received later becomes one of them;
// others that were inherited do not reach the commands.
void settle_descriptors() {
  while (true) {
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd < 0) break;
    if (fd > STDERR_FILENO) {
      close(fd);
      break;
    }
  }
  syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
}

// Commands inherit what is ignored (execve(2)); init itself, which takes signals from a descriptor,
// does not mind.
void forget_ignored_signals() {
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) sigaction(number, &standard, nullptr);
}

int run() {
  constexpr mode_t kOwnerOnly = 0700;
  settle_descriptors();
  [[maybe_unused]] int moved = chdir("/");
  int error = chmod(kGuestRun, kOwnerOnly) == 0 ? 0 : errno;
  if (error == 0) error = server.open(kGuestInitSocket);
  if (error != 0) {
    TextBuffer<256> line;
    line.add("cannot listen at ").add(kGuestInitSocket).add(": ").add(strerror(error));
    log_line(line.view());
    return EXIT_FAILURE;
  }
  // From here on the container has processes that die with PID 1: nothing may end it but a stop
  // signal. A stop that was asked for is a success, also when processes had to be killed: with
  // another status Docker's restart policy on-failure would start the container again.
  provision_profile(getenv("PATH"));
  server.run();
  return EXIT_SUCCESS;
}

}  // namespace

}  // namespace labgpu

int main() {
  // First of all: no signal may be missed or end the process before the loop takes it.
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, nullptr);
  labgpu::forget_ignored_signals();
  return labgpu::run();
}
