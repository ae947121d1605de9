# What a server has of everything that sessions could leave behind, counted; and what there is more of than before.
import json
import pathlib
import time

COUNTING = pathlib.Path(__file__).with_name("count_on_server.py")

# What the helper's memory may differ by from one quiet moment to another. 32 bytes of each of 11,000 sessions are 344 kB.
MEMORY_SLACK_KB = 192


def take(server):
    """{what: how much}, of the whole server as it is now."""
    return json.loads(server.sh("python3 -", stdin=COUNTING.read_bytes(), timeout=120).out)


def quiet(server, calm=12, timeout=120):
    """The census when nothing has become less for `calm` seconds.

    systemd keeps the things of a user who has logged out for ten (logind.conf(5), UserStopDelaySec=).
    """
    found, since, begun = take(server), time.monotonic(), time.monotonic()
    while time.monotonic() - since < calm:
        assert time.monotonic() - begun < timeout, f"the server did not become quiet within {timeout} s"
        time.sleep(2)
        now = take(server)
        if grown(now, found):
            since = time.monotonic()
        found = now
    return found


def settled(server, before, timeout=40):
    """The census when there is no more of anything than before, or that at the end of `timeout`."""
    deadline = time.monotonic() + timeout
    while True:
        now = take(server)
        if not grown(before, now) or time.monotonic() > deadline:
            return now
        time.sleep(1)


def grown(before, after):
    """One line for everything there is more of. Memory is judged apart: see `memory_growth`."""
    return [
        f"{what}: {before.get(what, 0)} before, {count} after"
        for what, count in sorted(after.items())
        if not is_memory(what) and count > before.get(what, 0)
    ]


def memory_growth(found):
    """One line for each process that has more memory at the end than at the start and after a quarter of the sessions.

    The quarter is for what fills once and was not full at the start; what is left little by little goes on growing.
    """
    return [
        f"{what}: {', '.join(str(census[what]) for census in found)} at the quarters; {MEMORY_SLACK_KB} kB more are allowed"
        for what, size in sorted(found[-1].items())
        if is_memory(what) and size > max(found[0][what], found[1][what]) + MEMORY_SLACK_KB
    ]


def is_memory(what):
    return what.endswith(" kB")


def table(found):
    """All of them, side by side, for people to read."""
    kinds = sorted(set().union(*found))
    width = max(map(len, kinds))
    return "\n".join(f"{kind:{width}}" + "".join(f"{census.get(kind, 0):>8}" for census in found) for kind in kinds)
