# Logins to what runs already: a connection of its own, and a session more on one that is there.
import contextlib
import itertools
import time

from bare import ATTACH, attach, beside
from measuring import AFTER_A_LOGIN, Bench, open_sessions
from rows import EXEC, SSHD

# systemd keeps what an account's first login has it start for ten seconds after the last one (logind.conf(5), UserStopDelaySec).
FORGOTTEN_AFTER = 12


# The key exchange that a client proposes by itself, instead of the cheapest (client.py).
DEFAULT_KEX = ["-o", "KexAlgorithms=+curve25519-sha256"]


def rows(bench: Bench):
    yield from _alone(bench)
    beside_another = "login beside an open session"
    with open_sessions(client for way in bench.ways for client in way.clients):
        yield from _logins(bench, beside_another, bench.size.logins)
        yield from _logins(bench, f"{beside_another}, default KEX", bench.size.default_logins, DEFAULT_KEX)
    yield from _second_sessions(bench)


def _logins(bench, work, count, options=()):
    turns = {way.name: itertools.cycle(way.clients) for way in bench.ways}
    yield from bench.compare(
        work, "ms", 1.02, count, lambda way: _milliseconds(next(turns[way.name]), *options), pause=AFTER_A_LOGIN
    )


def _alone(bench):
    """The account's first session for some time: of the host's, systemd starts a service manager for it."""
    turns = {way.name: itertools.cycle(way.clients) for way in bench.ways}
    forgotten = {}

    def log_in(way):
        client = next(turns[way.name])
        if way.name != SSHD:  # the server's systemd knows nothing of those
            time.sleep(max(0.0, forgotten.get(client.user, 0) - time.monotonic()))
        taken = _milliseconds(client)
        forgotten[client.user] = time.monotonic() + FORGOTTEN_AFTER
        return taken

    work = "login: ssh host true"
    yield from bench.compare(
        work,
        "ms",
        1.02,
        bench.size.lone_logins,
        log_in,
        [way for way in bench.ways if way.name != EXEC],
        pause=AFTER_A_LOGIN,
        note=f"{work}: without {EXEC}, of which there is one account.",
    )


def _second_sessions(bench):
    ways = [*bench.ways, attach(bench)]
    with contextlib.ExitStack() as stack:
        shared = {way.name: stack.enter_context(way.client.master()) for way in ways}
        for row in bench.compare(
            "second session of a connection",
            "ms",
            1.05,
            bench.size.shared_logins,
            lambda way: _milliseconds(shared[way.name]),
            ways,
            pause=AFTER_A_LOGIN / 4,
        ):
            yield from beside(row, ATTACH)


def _milliseconds(client, *options):
    return client.ssh("true", *options).ok().seconds * 1e3
