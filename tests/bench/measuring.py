# Rounds in which every way has its turn, and the clocks that the kinds of work share.
import dataclasses
import os
import random
import time

from client import Laptop
from server import Server
from sizes import Size
from ways import Way

PIECE = 1 << 20


@dataclasses.dataclass
class Bench:
    """What a kind of work needs. Its module has `rows(bench)`, which yields a Row for each line of the table."""

    server: Server
    laptop: Laptop
    ways: list[Way]
    size: Size
    chance: random.Random

    def rounds(self, count, measure, ways=None):
        """`measure(way)` for each way in each round; returns the samples for a Row.

        The order is another one in each round, because who comes next finds what the one before has left: warm caches,
        pages to be written, a processor that has slowed down. One round more is not counted.
        """
        return self.alternate(count, {way.name: lambda way=way: measure(way) for way in ways or self.ways})

    def alternate(self, count, measures):
        """The same for what is no Way: a dict of functions by name."""
        samples = {name: [] for name in measures}
        order = list(measures)
        for number in range(-1, count):
            self.chance.shuffle(order)
            for name in order:
                value = measures[name]()
                if number >= 0:
                    samples[name].append(value)
        return samples


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
