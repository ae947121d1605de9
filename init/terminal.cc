// A pseudo-terminal of the container.
#include "init/terminal.h"

// termios2 is in the kernel's headers alone, which cannot be included together with <termios.h>.
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

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
  return ioctl(terminal, TIOCSWINSZ, &size) == 0 ? 0 : errno;
}

int set_modes(int terminal, Bytes modes) {
  termios2 settings{};
  if (modes.empty()) return 0;
  if (modes.size() != sizeof settings) return EINVAL;
  memcpy(&settings, modes.data(), sizeof settings);
  return ioctl(terminal, TCSETS2, &settings) == 0 ? 0 : errno;
}

}  // namespace

int open_terminal(const Start& start, uid_t uid, Terminal& out) {
  out.master.reset(open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!out.master.valid()) return errno;
  int unlocked = 0;
  unsigned number = 0;
  if (ioctl(out.master.get(), TIOCSPTLCK, &unlocked) != 0 ||
      ioctl(out.master.get(), TIOCGPTN, &number) != 0) {
    return errno;
  }
  out.name.clear();
  out.name.add("/dev/pts/").add(number);
  // By descriptor and not by name: /dev/pts may be anything in a container.
  out.slave.reset(ioctl(out.master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!out.slave.valid()) return errno;
  if (fchown(out.slave.get(), uid, kTtyGroup) != 0 || fchmod(out.slave.get(), kTtyMode) != 0) {
    return errno;
  }
  int error = set_size(out.slave.get(), start);
  return error != 0 ? error : set_modes(out.slave.get(), start.modes);
}

int take_terminal(int slave) { return ioctl(slave, TIOCSCTTY, 0) == 0 ? 0 : errno; }

}  // namespace labgpu
