// The first process of the tests' containers: waits for the stop signal. In a container whose host
// name begins with "dies" it ends at once with status 3, as a broken image's would.
#include <signal.h>
#include <string.h>
#include <unistd.h>

int main() {
  sigset_t awaited;
  sigemptyset(&awaited);
  sigaddset(&awaited, SIGTERM);
  sigprocmask(SIG_BLOCK, &awaited, nullptr);
  char name[64] = {};
  if (gethostname(name, sizeof name - 1) == 0 && strncmp(name, "dies", 4) == 0) return 3;
  int signal_number = 0;
  sigwait(&awaited, &signal_number);
  return 0;
}
