# A terminal: a key that comes back, and much text at once.
import contextlib

from bare import RELAY, beside, relay
from measuring import Bench, read_exactly, seconds_of
from processes import wait_until
from rows import Row

# An OpenSSH client of 9.5 and later sends keys in a rhythm of its own, so that nobody sees how somebody types.
OPTIONS = ("-tt", "-o", "IgnoreUnknown=ObscureKeystrokeTiming", "-o", "ObscureKeystrokeTiming=no")
READY = b"ready\n"
# The program gets each key and sends it back; raw, or the terminal would answer in its place.
ECHO = "stty raw -echo; echo ready; exec cat"
# The terminal adds a carriage return to each line.
LINE = "All work and no play makes Jack a dull boy, and so does all play and no work, says the one who waits.\n"
SHOW = "stty raw -echo opost onlcr; echo ready; read -r _; cat text; read -r _"
# What has the terminal is the relay, which gives the command another one.
RELAYED = "stty raw -echo; exec ./bare-relay '{command}'"


def rows(bench: Bench):
    size = bench.size
    ways = [*bench.ways, relay(bench)]
    with contextlib.ExitStack() as stack:
        sessions = {way.name: stack.enter_context(_ready(way, ECHO, READY)) for way in ways}
        measures = {name: lambda session=session: _type(session, size.keys) for name, session in sessions.items()}
        samples = bench.alternate(size.typing, measures)
    yield from beside(Row("terminal: a key and its echo", "ms", "≤ 1.10", 1.10, "ratio", samples), RELAY)

    lines = size.shown // len(LINE)
    for way in bench.ways:
        way.client.ssh(f"yes '{LINE.strip()}' | head -n {lines} >text").ok()
    for row in bench.compare(
        f"terminal: cat of {size.shown // 10**6} MB",
        "s",
        1.15,
        size.showings,
        lambda way: _show(way, lines * (len(LINE) + 1)),
        ways,
    ):
        yield from beside(row, RELAY)


@contextlib.contextmanager
def _ready(way, command, ready):
    """A session with a terminal, once its program has said so; yields the process."""
    command = RELAYED.format(command=command) if way.name == RELAY else command
    with way.client.background(command, *OPTIONS) as session:
        session.expect(ready)
        assert session.out == ready, f"a terminal said more than it was to: {session.out}"
        yield session.process


def _type(process, keys):
    """Milliseconds for one key, of many that are typed one after the other."""

    def there_and_back():
        for _ in range(keys):
            process.stdin.write(b"k")
            process.stdin.flush()
            read_exactly(process.stdout, 1)

    return seconds_of(there_and_back) * 1e3 / keys


def _show(way, count):
    with _ready(way, SHOW, READY.replace(b"\n", b"\r\n")) as process:

        def show():
            process.stdin.write(b"\n")
            process.stdin.flush()
            read_exactly(process.stdout, count)

        seconds = seconds_of(show)
        process.stdin.write(b"\n")
        process.stdin.flush()
        wait_until(lambda: process.poll() is not None, 20, "the terminal's end")
        assert process.returncode == 0
    return seconds
