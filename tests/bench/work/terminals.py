# A terminal: a key that comes back, and much text at once.
import contextlib
import pathlib
import tempfile

from measuring import Bench, read_exactly, seconds_of
from processes import run, wait_until
from rows import HOST, LABGPU, Row
from ways import Way

# An OpenSSH client of 9.5 and later sends keys in a rhythm of its own, so that nobody sees how somebody types.
OPTIONS = ("-tt", "-o", "IgnoreUnknown=ObscureKeystrokeTiming", "-o", "ObscureKeystrokeTiming=no")
READY = b"ready\n"
RELAY = "bare relay"
RELAY_SOURCE = pathlib.Path(__file__).parents[1] / "bare_relay.cc"
# The program gets each key and sends it back; raw, or the terminal would answer in its place.
ECHO = "stty raw -echo; echo ready; exec cat"
# The terminal adds a carriage return to each line.
LINE = "All work and no play makes Jack a dull boy, and so does all play and no work, says the one who waits.\n"
SHOW = "stty raw -echo opost onlcr; echo ready; read -r _; cat text; read -r _"
# What has the terminal is the relay, which gives the command another one.
RELAYED = "stty raw -echo; exec ./bare-relay '{command}'"


def rows(bench: Bench):
    size = bench.size
    _install_relay(bench)
    ways = [*bench.ways, Way(RELAY, bench.ways[0].client)]
    with contextlib.ExitStack() as stack:
        sessions = {way.name: stack.enter_context(_ready(way, ECHO, READY)) for way in ways}
        measures = {name: lambda session=session: _type(session, size.keys) for name, session in sessions.items()}
        samples = bench.alternate(size.typing, measures)
    yield from _with_relay(Row("terminal: a key and its echo", "ms", "≤ 1.10", 1.10, "ratio", samples))

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
        yield from _with_relay(row)


def _with_relay(row):
    """The row, and one beside what any design costs whose terminal is a second one behind sshd's: somebody has to move bytes."""
    samples = {HOST: row.samples[HOST], RELAY: row.samples.pop(RELAY), LABGPU: row.samples[LABGPU]}
    yield row
    work = f"{row.work}, {row.what}: beside a second terminal with nothing but a relay"
    yield Row(work, row.unit, "", None, "ratio", samples, base=RELAY)


def _install_relay(bench):
    """bare_relay.cc in the home of the host account."""
    with tempfile.TemporaryDirectory() as directory:
        program = pathlib.Path(directory) / "bare-relay"
        run(["c++", "-std=c++20", "-O2", "-static", "-o", program, RELAY_SOURCE], timeout=60).ok()
        bench.server.write(f"{bench.ways[0].home}/bare-relay", program.read_bytes(), mode="755")


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
