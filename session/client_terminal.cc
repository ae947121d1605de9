// The terminal that sshd made for the client.
#include "session/client_terminal.h"

#include <fcntl.h>
#include <unistd.h>

namespace labgpu {

namespace {

void set_nonblocking(int fd, bool on) {
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0) return;
  fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

bool ends_line(char c, const termios2& modes) {
  auto byte = static_cast<cc_t>(c);
  // A NUL in c_cc is a character that is turned off.
  return c == '\n' || (byte != 0 && (byte == modes.c_cc[VEOL] || byte == modes.c_cc[VEOL2]));
}

}  // namespace

size_t take_typed_lines(int terminal, const termios2& modes, std::span<char> out) {
  size_t used = 0;
  if ((modes.c_lflag & ICANON) == 0) return used;
  // termios(3): a read gives one line, and what Ctrl-D ended without the Ctrl-D: nothing, when it
  // was the first on its line. One byte of room is left for that one.
  while (used + 1 < out.size()) {
    ssize_t size = read(terminal, out.data() + used, out.size() - used - 1);
    if (size < 0) break;
    used += static_cast<size_t>(size);
    if (size == 0 || !ends_line(out[used - 1], modes)) {
      out[used++] = static_cast<char>(modes.c_cc[VEOF]);
    }
  }
  return used;
}

bool ClientTerminal::open() {
  if (tty_ioctl(STDIN_FILENO, TCGETS2, &modes_) != 0) return false;
  // A terminal without a size is one of 0 by 0, as sshd makes it for a client that sends none.
  if (tty_ioctl(STDIN_FILENO, TIOCGWINSZ, &size_) != 0) size_ = {};
  return true;
}

void ClientTerminal::describe(Start& start) const {
  start.rows = size_.ws_row;
  start.columns = size_.ws_col;
  start.width_pixels = size_.ws_xpixel;
  start.height_pixels = size_.ws_ypixel;
  start.typed = Bytes(reinterpret_cast<const unsigned char*>(typed_), typed_size_);
  start.modes = Bytes(reinterpret_cast<const unsigned char*>(&modes_), sizeof modes_);
}

void ClientTerminal::hold_input() {
  set_nonblocking(STDIN_FILENO, true);
  set_nonblocking(STDOUT_FILENO, true);
  typed_size_ = take_typed_lines(STDIN_FILENO, modes_, typed_);
  termios2 held = modes_;
  held.c_iflag &= ~static_cast<tcflag_t>(IGNBRK | BRKINT | PARMRK | INPCK | ISTRIP | INLCR | IGNCR |
                                         ICRNL | IUCLC | IXON | IXANY | IXOFF | IMAXBEL);
  held.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
  held.c_cflag = (held.c_cflag & ~static_cast<tcflag_t>(CSIZE | PARENB)) | CS8;
  held.c_cc[VMIN] = 1;
  held.c_cc[VTIME] = 0;
  changed_ = tty_ioctl(STDIN_FILENO, TCSETS2, &held) == 0;
}

void ClientTerminal::make_raw() {
  termios2 raw{};
  if (tty_ioctl(STDIN_FILENO, TCGETS2, &raw) != 0) return;
  raw.c_oflag &= ~static_cast<tcflag_t>(OPOST);
  tty_ioctl(STDIN_FILENO, TCSETS2, &raw);
}

void ClientTerminal::restore() {
  if (!changed_) return;
  changed_ = false;
  set_nonblocking(STDIN_FILENO, false);
  set_nonblocking(STDOUT_FILENO, false);
  tty_ioctl(STDIN_FILENO, TCSETS2, &modes_);
}

void ClientTerminal::copy_size(int master) {
  winsize size{};
  if (tty_ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0) tty_ioctl(master, TIOCSWINSZ, &size);
}

}  // namespace labgpu
