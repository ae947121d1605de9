# Logins to what runs already: a connection of its own, and a session more on one that is there.
import contextlib
import itertools
import time

from bare import ATTACH, attach, beside
from measuring import AFTER_A_LOGIN, FORGOTTEN_AFTER, Bench, login_milliseconds, open_sessions
from rows import EXEC, LABGPU, SSHD

# The key exchange that a client proposes by itself, instead of the cheapest (client.py).
DEFAULT_KEX = ["-o", "KexAlgorithms=+curve25519-sha256"]


def rows(bench: Bench):
    yield from _alone(bench)
    beside_another = "login beside an open session"
    with open_sessions(client for way in bench.ways for client in way.clients):
        size = bench.size
        yield from _logins(bench, beside_another, size.logins)
        yield from _logins(
            bench,
            f"{beside_another}, default KEX",
            size.default_logins,
            lambda _, client: login_milliseconds(client, *DEFAULT_KEX),
        )
        with _passwords(bench):
            yield from _logins(bench, f"{beside_another}, password set", size.password_logins)
    yield from _second_sessions(bench)


def _log_in(_, client):
    return login_milliseconds(client)


def _logins(bench, work, count, log_in=_log_in, ways=None, note=""):
    """`log_in(way, client)`: the accounts of a way take turns."""
    turns = {way.name: itertools.cycle(way.clients) for way in bench.ways}

    def next_login(way):
        return log_in(way, next(turns[way.name]))

    yield from bench.compare(work, "ms", 1.02, count, next_login, ways, pause=AFTER_A_LOGIN, note=note)


@contextlib.contextmanager
def _passwords(bench):
    """labgpu's accounts have one while this lasts. They log in with their keys all the same, but PAM looks the password up."""
    (boxed,) = (way for way in bench.ways if way.name == LABGPU)
    for client in boxed.clients:
        bench.server.labgpu("passwd", client.user, "--generate").ok()
    yield
    for client in boxed.clients:
        bench.server.labgpu("passwd", client.user, "--delete").ok()


def _alone(bench):
    """The account's first session for some time: of the host's, systemd starts a service manager for it."""
    first = time.monotonic() + FORGOTTEN_AFTER  # the server's set-up was a login, too
    forgotten = {}

    def log_in(way, client):
        if way.name != SSHD:  # the server's systemd knows nothing of those
            time.sleep(max(0.0, forgotten.get(client.user, first) - time.monotonic()))
        taken = login_milliseconds(client)
        forgotten[client.user] = time.monotonic() + FORGOTTEN_AFTER
        return taken

    work = "login: ssh host true"
    ways = [way for way in bench.ways if way.name != EXEC]
    note = f"{work}: without {EXEC}, of which there is one account."
    yield from _logins(bench, work, bench.size.lone_logins, log_in, ways, note)


def _second_sessions(bench):
    ways = [*bench.ways, attach(bench)]
    with contextlib.ExitStack() as stack:
        shared = {way.name: stack.enter_context(way.client.master()) for way in ways}
        for row in bench.compare(
            "second session of a connection",
            "ms",
            1.05,
            bench.size.shared_logins,
            lambda way: login_milliseconds(shared[way.name]),
            ways,
            pause=AFTER_A_LOGIN / 4,
        ):
            yield from beside(row, ATTACH)
