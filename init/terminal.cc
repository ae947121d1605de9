// A pseudo-terminal of the container.
#include "init/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "common/tty_ioctl.h"

namespace labgpu {

namespace {

// The group tty has gid 5 in Debian, Fedora, Alpine and Arch, and it is what Docker gives devpts.
constexpr gid_t kTtyGroup = 5;
constexpr mode_t kTtyMode = 0620;  // as sshd's pty_setowner() has it: write(1) through the group

int set_size(int terminal, const Start& start) {
  winsize size{.ws_row = start.rows,
               .ws_col = start.columns,
               .ws_xpixel = start.width_pixels,
               .ws_ypixel = start.height_pixels};
  return tty_ioctl(terminal, TIOCSWINSZ, &size) == 0 ? 0 : errno;
}

// With `echo` false it is left off, whatever the modes say.
int set_modes(int terminal, Bytes modes, bool echo) {
  termios2 settings{};
  if (modes.empty()) return 0;
  if (modes.size() != sizeof settings) return EINVAL;
  memcpy(&settings, modes.data(), sizeof settings);
  if (!echo) settings.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL);
  return tty_ioctl(terminal, TCSETS2, &settings) == 0 ? 0 : errno;
}

// A new terminal takes this much at once, so that init does not wait.
int type(int master, Bytes typed) {
  if (typed.size() > Start::kMaxTyped) return EINVAL;
  if (typed.empty()) return 0;
  return write(master, typed.data(), typed.size()) == static_cast<ssize_t>(typed.size()) ? 0 : EIO;
}

// The kernel counts all but the ends of file (drivers/tty/n_tty.c, inq_canon).
size_t countable(Bytes typed, Bytes modes) {
  termios2 settings{};
  if (modes.size() != sizeof settings) return 0;
  memcpy(&settings, modes.data(), sizeof settings);
  auto ends = std::count(typed.begin(), typed.end(), settings.c_cc[VEOF]);
  return typed.size() - static_cast<size_t>(ends);
}

}  // namespace

int open_terminal(const Start& start, uid_t uid, Terminal& out) {
  out.master.reset(open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!out.master.valid()) return errno;
  int unlocked = 0;
  unsigned number = 0;
  if (tty_ioctl(out.master.get(), TIOCSPTLCK, &unlocked) != 0 ||
      tty_ioctl(out.master.get(), TIOCGPTN, &number) != 0) {
    return errno;
  }
  out.name.clear();
  out.name.add("/dev/pts/").add(number);
  // By descriptor and not by name: /dev/pts may be anything in a container.
  out.slave.reset(tty_ioctl(out.master.get(), TIOCGPTPEER, long{O_RDWR | O_NOCTTY | O_CLOEXEC}));
  if (!out.slave.valid()) return errno;
  if (fchown(out.slave.get(), uid, kTtyGroup) != 0 || fchmod(out.slave.get(), kTtyMode) != 0) {
    return errno;
  }
  int error = set_size(out.slave.get(), start);
  if (error == 0)
    error = set_modes(out.slave.get(), start.modes, start.typed.empty() || start.echoed == 0);
  return error != 0 ? error : type(out.master.get(), start.typed);
}

// The kernel carries it over in its own time, most often at once.
void settle_typed(int slave, const Start& start) {
  constexpr int kRounds = 200;
  constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 1'000'000};
  if (start.typed.empty()) return;
  size_t wanted = countable(start.typed, start.modes);
  int there = 0;
  for (int i = 0; i < kRounds; ++i) {
    if (tty_ioctl(slave, FIONREAD, &there) != 0 || static_cast<size_t>(there) >= wanted) break;
    nanosleep(&kPause, nullptr);
  }
  [[maybe_unused]] int error = set_modes(slave, start.modes, true);
}

int take_terminal(int slave) { return tty_ioctl(slave, TIOCSCTTY, 0L) == 0 ? 0 : errno; }

}  // namespace labgpu
