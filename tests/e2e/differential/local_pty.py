# A terminal of the laptop that a program runs in, read as slowly or as fast as a case wants.
import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time


class LocalPty:
    """`slave` is the terminal as the laptop's programs see it. What it prints is kept in `out`."""

    def __init__(self, *settings, rows=24, columns=80, width=0, height=0):
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, width, height))
        if settings:
            subprocess.run(["stty", *settings], stdin=self.slave, check=True)
        self.out = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.master)
        os.close(self.slave)

    def start(self, argv, environment):
        """The program gets this terminal as its controlling one."""
        return subprocess.Popen(
            ["setsid", "-c", *argv], stdin=self.slave, stdout=self.slave, stderr=self.slave, env=environment
        )

    def modes(self):
        """tcgetattr(3) of the terminal, with the control characters as text."""
        *flags, characters = termios.tcgetattr(self.slave)
        return [*flags, [str(character) for character in characters]]

    def read(self, seconds):
        """Takes what comes within that time at most; False when nothing did."""
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        self.out += os.read(self.master, 65536)
        return True

    def expect(self, wanted, seconds=20):
        deadline = time.monotonic() + seconds
        while wanted not in self.out:
            assert time.monotonic() < deadline, f"no {wanted!r} in {self.out[-2000:]!r}"
            self.read(0.2)

    def write(self, data):
        """Types it, and takes what comes meanwhile: neither side waits for the other one for ever."""
        os.set_blocking(self.master, False)
        while data:
            _, writable, _ = select.select([], [self.master], [], 0.05)
            with contextlib.suppress(BlockingIOError):
                data = data[os.write(self.master, data[:4096]) :] if writable else data
            while self.read(0):
                pass

    def finish(self, process, seconds=30):
        """Waits for the program; returns its exit status."""
        deadline = time.monotonic() + seconds
        while process.poll() is None:
            assert time.monotonic() < deadline, f"did not end: {self.out[-2000:]!r}"
            self.read(0.05)
        while self.read(0):
            pass
        return process.returncode
