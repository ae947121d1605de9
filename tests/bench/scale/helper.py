# The helper with many containers: its memory, what wakes it, and how long it takes after a restart.
import json
import time

from processes import wait_until
from rows import Row

from memory import pss_of_helper

CONFIG = "/etc/labgpu/labgpu.json"
PID = "$(systemctl show -P MainPID labgpud)"
SETTLING_SECONDS = 8
GOALS_ARE_FOR = 200  # containers; what more take is shown beside that


def rows_with(bench, crowd, count):
    """`count` accounts, each with a container that runs."""
    server, amounts = bench.server, bench.size

    def row(work, unit, goal, limit, samples):
        if count > GOALS_ARE_FOR:
            goal, limit = "", None
        return Row(f"{count} containers: {work}", unit, goal, limit, "value", {"labgpud": samples}, judged="labgpud")

    # Before it has idled: what a start and many questions leave behind is in it.
    restarts = [_restart(server, crowd.client(count), count) for _ in range(amounts.restarts)]
    for work, goal, limit, found in zip(
        ("restart until ready", "restart until a login is answered", "restart until all containers are known"),
        ("", "≤ 1", "≤ 1"),
        (None, 1, 1),
        zip(*restarts, strict=True),
        strict=True,
    ):
        yield row(work, "s", goal, limit, list(found))
    yield row("reload that changes all", "s", "", None, [_reload(server, crowd, count) for _ in range(amounts.restarts)])
    yield row("labgpu status", "s", "", None, [_status(server, count) for _ in range(amounts.restarts)])

    idle = [_idle(server, amounts.idle_seconds) for _ in range(amounts.idle_rounds)]
    wakeups, processor, pss = (list(found) for found in zip(*idle, strict=True))
    yield row("wake-ups a second, idle", "/s", "≤ 0.1", 0.1, wakeups)  # systemd's watchdog asks for some
    yield row("processor time a minute, idle", "ms", "", None, processor)
    yield row("memory of the helper", "MB", "≤ 12", 12, pss)


def _restart(server, client, count):
    """Seconds until systemd says it is ready, until somebody is let in, until it has all containers in its memory."""
    begun = time.monotonic()
    server.sh("systemctl restart labgpud")
    ready = time.monotonic() - begun
    client.ssh("true").ok()
    answered = time.monotonic() - begun
    wait_until(lambda: _known(server) >= count, 120, f"{count} containers known", step=0.02)
    return ready, answered, time.monotonic() - begun


def _known(server):
    """It holds a pidfd for each container that it has in its memory."""
    return int(server.sh(f"ls -l /proc/{PID}/fd | grep -c pidfd; true").text)


def _reload(server, crowd, count):
    """Seconds from the reload, which checks the file first, until the last container has another limit."""
    last = f"{crowd.client(count).user}_container"
    shown = f"docker inspect -f '{{{{.HostConfig.PidsLimit}}}}' {last}"
    other = 5000 + (server.sh(shown).text == "5000")
    server.write(CONFIG, json.dumps({"defaults": {"pids": other}}).encode())
    begun = time.monotonic()
    server.sh("systemctl reload labgpud", timeout=120)
    wait_until(lambda: server.sh(shown).text == str(other), 300, f"the new limit of {last}")
    return time.monotonic() - begun


def _status(server, count):
    begun = time.monotonic()
    found = server.labgpu("status", timeout=300).ok()
    assert found.text.count(" running") >= count, found
    return time.monotonic() - begun


def _idle(server, seconds):
    """Wake-ups a second, milliseconds of processor a minute, and megabytes, while nobody does anything."""
    time.sleep(SETTLING_SECONDS)
    before = _activity(server)
    time.sleep(seconds)
    wakeups, nanoseconds = (now - then for now, then in zip(_activity(server), before, strict=True))
    return wakeups / seconds, nanoseconds / 1e6 / seconds * 60, pss_of_helper(server)


def _activity(server):
    """How often all its threads have waited for something so far (proc_pid_status(5)), and what they have used."""
    script = f"""cd /proc/{PID}/task
        awk '/^voluntary_ctxt_switches/ {{ sum += $2 }} END {{ print sum }}' */status
        awk '{{ sum += $1 }} END {{ printf "%.0f", sum }}' */schedstat"""
    return tuple(map(int, server.sh(script).text.split()))
