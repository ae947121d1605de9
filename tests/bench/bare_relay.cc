// Runs a shell command in a terminal of its own and moves bytes between that and the terminal it
// has itself, and nothing else: what a second terminal costs at least. For work/terminals.py.
// usage: bare-relay COMMAND
#include <pty.h>
#include <unistd.h>
#include <utmp.h>

#include <thread>

namespace {

// Without poll(2): each direction has a thread that waits in read(2).
void move(int from, int to) {
  char bytes[4096];
  ssize_t size = 0;
  while ((size = read(from, bytes, sizeof bytes)) > 0) {
    if (write(to, bytes, static_cast<size_t>(size)) != size) return;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  int master = -1;
  int terminal = -1;
  // Raw, as labgpu's own would be after the `stty raw` that the bench runs in its place.
  termios modes{};
  cfmakeraw(&modes);
  if (openpty(&master, &terminal, nullptr, &modes, nullptr) != 0) return 1;
  const pid_t child = fork();
  if (child == 0) {
    if (login_tty(terminal) == 0) execl("/bin/sh", "sh", "-c", argv[1], nullptr);
    _exit(127);
  }
  if (child < 0) return 1;
  close(terminal);
  std::thread(move, STDIN_FILENO, master).detach();
  move(master, STDOUT_FILENO);
  return 0;
}
