# Rounds in which every way has its turn, and the clocks that the kinds of work share.
import contextlib
import dataclasses
import os
import random
import re
import time

from client import Laptop
from rows import PROCESSOR, Row
from server import Server

PIECE = 1 << 20
# Seconds. The server is not done with a login when the client is: sshd closes the session, and systemd forgets it.
AFTER_A_LOGIN = 0.1
# Seconds. systemd keeps what an account's first login has it start for ten after the last one (logind.conf(5), UserStopDelaySec).
FORGOTTEN_AFTER = 12
# Seconds: a whole number of the kernel's ticks at 100, 250 and 1000 a second.
TICKS = 0.02


class ProcessorClock:
    """What all processes of the server have used of processors, its containers' too: the kernel's account of its cgroup."""

    def __init__(self, server):
        own = f"/proc/{server.testhost('pid', server.name).ok().text}/root/sys/fs/cgroup"
        if os.path.exists(f"{own}/cpuacct"):  # version 1
            self.file, self.pattern, self.unit = f"{own}/cpuacct/cpuacct.usage", r"(\d+)", 1e-6
        else:
            self.file, self.pattern, self.unit = f"{own}/cpu.stat", r"usage_usec (\d+)", 1e-3

    def milliseconds(self):
        with open(self.file) as file:
            return int(re.match(self.pattern, file.read())[1]) * self.unit


@dataclasses.dataclass
class Bench:
    """What a kind of work needs. Its module has `rows(bench)`, which yields a Row for each line of the table."""

    server: Server
    laptop: Laptop
    ways: list  # of ways.Way
    size: object  # a Size, or Amounts
    chance: random.Random
    clock: ProcessorClock

    def compare(self, work, unit, limit, count, measure, ways=None, pause=0.0, note=""):
        """`measure(way)` gives the time that a piece of work took: two rows, of that and of the server's processors."""
        measures = {way.name: lambda way=way: self._metered(way, measure, pause) for way in ways or self.ways}
        found = self.alternate(count, measures)
        taken, used = ({way: [pair[which] for pair in pairs] for way, pairs in found.items()} for which in (0, 1))
        yield Row(work, unit, f"≤ {limit:.2f}", limit, "ratio", taken, note=note)
        yield Row(work, "ms", "", None, "ratio", used, note=note, what=PROCESSOR)

    def _metered(self, way, measure, pause):
        """`pause`: seconds after which the work has really ended on the server, too."""
        before = self.clock.milliseconds()
        value = measure(way)
        time.sleep(pause)
        return value, self.clock.milliseconds() - before

    def alternate(self, count, measures):
        """Calls each function of a dict in each round; returns the samples for a Row.

        The order is another one in each round, because who comes next finds what the one before has left: warm caches,
        pages to be written, a processor that has slowed down. One round more is not counted.
        """
        samples = {name: [] for name in measures}
        order = list(measures)
        for number in range(-1, count):
            self.chance.shuffle(order)
            for name in order:
                # Where a wait ends at a tick of the kernel's clock, work that begins at the same part of one each time takes
                # no longer, or a whole tick.
                time.sleep(self.chance.uniform(0, TICKS))
                value = measures[name]()
                if number >= 0:
                    samples[name].append(value)
        return samples


@contextlib.contextmanager
def open_sessions(clients):
    """Each has a session open meanwhile, which ends with its client. For an account's first login systemd starts something."""
    with contextlib.ExitStack() as stack:
        for client in clients:
            stack.enter_context(client.background("echo open; exec cat")).expect(b"open")
        yield


def login_milliseconds(client, *options):
    """What `ssh host true` takes."""
    return client.ssh("true", *options).ok().seconds * 1e3


def seconds_of(action):
    begun = time.monotonic()
    action()
    return time.monotonic() - begun


def milliseconds_on(server, script):
    """What a script takes on the server, without the way there."""
    words = server.sh(f"set -e; begun=$(date +%s%N); {script}; echo $begun $(date +%s%N)", timeout=120).text.split()
    return (int(words[-1]) - int(words[-2])) / 1e6


def read_exactly(stream, count):
    """Takes that many bytes of a pipe and forgets them."""
    left = count
    while left > 0:
        data = os.read(stream.fileno(), min(left, PIECE))
        assert data, f"the stream ended {left} bytes before its end"
        left -= len(data)


def write_zeros(stream, count):
    zeros = memoryview(bytes(PIECE))
    left = count
    while left > 0:
        left -= os.write(stream.fileno(), zeros[: min(left, PIECE)])
