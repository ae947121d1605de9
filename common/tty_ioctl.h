// ioctl(2) on terminals (ioctl_tty(2)), and the modes with any speed, termios2.
//
// C libraries differ in the type of a request's number: POSIX has int, glibc unsigned long. The
// kernel takes an unsigned int (fs/ioctl.c), and some numbers have their highest bit set.
#pragma once

// The kernel's headers, which cannot be included together with <termios.h>.
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace labgpu {

inline int tty_ioctl(int terminal, unsigned request, void* argument) {
  return static_cast<int>(syscall(SYS_ioctl, terminal, request, argument));
}

inline int tty_ioctl(int terminal, unsigned request, long argument) {
  return static_cast<int>(syscall(SYS_ioctl, terminal, request, argument));
}

}  // namespace labgpu
