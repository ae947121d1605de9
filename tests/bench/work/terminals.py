# A terminal: a key that comes back, and much text at once.
import contextlib
import pathlib
import tempfile

from measuring import Bench, read_exactly, seconds_of
from processes import run, wait_until
from rows import HOST, LABGPU, Row

# An OpenSSH client of 9.5 and later sends keys in a rhythm of its own, so that nobody sees how somebody types.
OPTIONS = ("-tt", "-o", "IgnoreUnknown=ObscureKeystrokeTiming", "-o", "ObscureKeystrokeTiming=no")
READY = b"ready\n"
RELAY = "bare relay"
RELAY_SOURCE = pathlib.Path(__file__).parents[1] / "bare_relay.cc"
# The program gets each key and sends it back; raw, or the terminal would answer in its place.
ECHO = "stty raw -echo; echo ready; exec {program}"
# The terminal adds a carriage return to each line.
LINE = "All work and no play makes Jack a dull boy, and so does all play and no work, says the one who waits.\n"
SHOW = "stty raw -echo opost onlcr; echo ready; read -r _; cat text; read -r _"


def rows(bench: Bench):
    size = bench.size
    programs = [(way.name, way.client, "cat") for way in bench.ways]
    programs.append((RELAY, bench.ways[0].client, _install_relay(bench)))
    with contextlib.ExitStack() as stack:
        sessions = {
            name: stack.enter_context(_ready(client, ECHO.format(program=program), READY))
            for name, client, program in programs
        }
        measures = {name: lambda session=session: _type(session, size.keys) for name, session in sessions.items()}
        samples = bench.alternate(size.typing, measures)
    # labgpu's terminal is a second one behind sshd's, and something has to move bytes between the two.
    bare = {HOST: samples[HOST], RELAY: samples.pop(RELAY), LABGPU: samples[LABGPU]}
    yield Row("terminal: a key and its echo", "ms", "≤ 1.10", 1.10, "ratio", samples)
    yield Row("the same, beside a second terminal with nothing but a relay", "ms", "", None, "ratio", bare, base=RELAY)

    lines = size.shown // len(LINE)
    for way in bench.ways:
        way.client.ssh(f"yes '{LINE.strip()}' | head -n {lines} >text").ok()
    yield from bench.compare(
        f"terminal: cat of {size.shown // 10**6} MB",
        "s",
        1.15,
        size.showings,
        lambda way: _show(way.client, lines * (len(LINE) + 1)),
    )


def _install_relay(bench):
    """bare_relay.cc in the home of the host account; returns how to call it."""
    with tempfile.TemporaryDirectory() as directory:
        program = pathlib.Path(directory) / "bare-relay"
        run(["c++", "-std=c++20", "-O2", "-static", "-o", program, RELAY_SOURCE], timeout=60).ok()
        bench.server.write(f"{bench.ways[0].home}/bare-relay", program.read_bytes(), mode="755")
    return "./bare-relay"


@contextlib.contextmanager
def _ready(client, command, ready):
    """A session with a terminal, once its program has said so; yields the process."""
    with client.background(command, *OPTIONS) as session:
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


def _show(client, count):
    with _ready(client, SHOW, READY.replace(b"\n", b"\r\n")) as process:

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
