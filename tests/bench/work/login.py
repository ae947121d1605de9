# Logins to what runs already: a connection of its own, and a session more on one that is there.
import contextlib
import itertools

from bare import ATTACH, attach, beside
from measuring import Bench

# The server is not done when the client is: sshd closes the session, and systemd forgets it.
PAUSE = 0.1


def rows(bench: Bench):
    logins, shared_logins = bench.size.logins, bench.size.shared_logins
    turns = {way.name: itertools.cycle(way.clients) for way in bench.ways}
    yield from bench.compare(
        "login: ssh host true", "ms", 1.02, logins, lambda way: _milliseconds(next(turns[way.name])), pause=PAUSE
    )
    ways = [*bench.ways, attach(bench)]
    with contextlib.ExitStack() as stack:
        shared = {way.name: stack.enter_context(way.client.master()) for way in ways}
        for row in bench.compare(
            "second session of a connection",
            "ms",
            1.05,
            shared_logins,
            lambda way: _milliseconds(shared[way.name]),
            ways,
            pause=PAUSE / 4,
        ):
            yield from beside(row, ATTACH)


def _milliseconds(client):
    return client.ssh("true").ok().seconds * 1e3
