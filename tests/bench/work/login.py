# Logins to what runs already: a connection of its own, and a session more on one that is there.
import contextlib

from measuring import Bench
from rows import Row


def rows(bench: Bench):
    samples = bench.rounds(bench.size.logins, lambda way: _milliseconds(way.client))
    yield Row("login: ssh host true", "ms", "≤ 1.02", 1.02, "ratio", samples)

    with contextlib.ExitStack() as stack:
        shared = {way.name: stack.enter_context(way.client.master()) for way in bench.ways}
        samples = bench.rounds(bench.size.shared_logins, lambda way: _milliseconds(shared[way.name]))
    yield Row("second session of a connection", "ms", "≤ 1.05", 1.05, "ratio", samples)


def _milliseconds(client):
    return client.ssh("true").ok().seconds * 1e3
