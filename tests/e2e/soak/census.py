# What a server has of everything that sessions could leave behind, counted; and what there is more of than before.
import json
import pathlib
import time

COUNTING = pathlib.Path(__file__).with_name("count_on_server.py")

# Caches that fill once, and what the kernel and systemd do at times of their own, move the helper's memory by some pages.
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


def memory_growth(before, after, sessions):
    """One line for each process whose memory grew by more than a session may leave, on average, and the slack.

    16 bytes, the least that malloc gives, lost in each session would be 160 KiB in ten thousand.
    """
    allowed = MEMORY_SLACK_KB + 16 * sessions // 1024
    return [
        f"{what}: {before[what]} kB before, {size} kB after {sessions} sessions; {allowed} kB more are allowed"
        for what, size in sorted(after.items())
        if is_memory(what) and what in before and size > before[what] + allowed
    ]


def is_memory(what):
    return what.endswith(" kB")


def table(before, after):
    """Both, side by side, for people to read."""
    width = max(map(len, after))
    lines = [f"{what:{width}}  {before.get(what, 0):>8}  {after.get(what, 0):>8}" for what in sorted({*before, *after})]
    return "\n".join([f"{'':{width}}  {'before':>8}  {'after':>8}", *lines])
