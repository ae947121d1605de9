# Terminals that are open and in which nothing happens: what memory each of them takes on the server.
import contextlib
import os
import pathlib
import subprocess
import time

from processes import wait_until
from rows import HOST, LABGPU, Row

from crowd import WAYS
from memory import MB, memory_of

SETTLING_SECONDS = 2
STARTS_AT_ONCE = 25


def rows(bench, crowd):
    amounts = bench.size
    _let_in(bench.server, amounts.sessions)
    for each in (crowd.have_host_accounts, crowd.have_accounts, crowd.have_containers):
        each(amounts.connections)
    with _enough_terminals(2 * amounts.sessions * amounts.connections):
        for work, count, connect in (
            ("idle terminal of a shared connection", amounts.sessions, _shared),
            ("idle terminal with its own connection", amounts.lone_sessions, contextlib.nullcontext),
        ):
            yield from _rows_of(bench, crowd, work, count, connect)


@contextlib.contextmanager
def _shared(client):
    """One connection of that client, whose sessions fail rather than connect by themselves."""
    with client.master() as shared:
        shared.options = ["-o", "ProxyCommand=false", *shared.options]
        yield shared


def _let_in(server, sessions):
    """sshd takes the first value that it finds, in the order of the files' names."""
    settings = f"MaxSessions {sessions + 10}\nMaxStartups 200\n"
    server.write("/etc/ssh/sshd_config.d/0-scale.conf", settings.encode())
    server.sh("systemctl restart ssh; sshd -T | grep -i maxsessions")


@contextlib.contextmanager
def _enough_terminals(count):
    """labgpu's sessions have two of the kernel's, which has one limit for all, and keeps a part of it for the host (proc(5), pty)."""
    limit, reserve = (pathlib.Path(f"/proc/sys/kernel/pty/{name}") for name in ("max", "reserve"))
    before = int(limit.read_text())
    limit.write_text(str(max(before, count + int(reserve.read_text()) + 1000)))
    try:
        yield
    finally:
        limit.write_text(str(before))


def _rows_of(bench, crowd, work, count, connect):
    """labgpu's sessions stay open until all are there; the host's go at once, to leave room."""
    programs = {way: [] for way in WAYS}
    kernel = {way: [] for way in WAYS}
    parts = []
    with contextlib.ExitStack() as kept:
        for number in range(1, bench.size.connections + 1):
            for way in WAYS:
                with contextlib.ExitStack() as stack:
                    before = memory_of(bench.server)
                    client = stack.enter_context(connect(crowd.client(number, way)))
                    stack.enter_context(_terminals(bench.server, client, count))
                    after = memory_of(bench.server)
                    programs[way].append(_grown(before, after, *_SESSIONS, *_OURS) / count)
                    if after.kernel is not None:
                        kernel[way].append((after.kernel - before.kernel) / MB / count)
                    if way == LABGPU:
                        parts.append([_grown(before, after, name) / count for name in _OURS])
                        kept.push(stack.pop_all())
    total = f"{work}, {count * bench.size.connections} open"
    note = f"{total}; of which, in MB, " + ", ".join(
        f"{name} {sum(found) / len(found):.3f}" for name, found in zip(_OURS, zip(*parts, strict=True), strict=True)
    )
    yield Row(total, "MB", "≤ +0.5", 0.5, "difference", programs, note=note)
    if kernel[HOST]:
        yield Row(f"{total}: kernel", "MB", "", None, "difference", kernel)


_OURS = ("labgpu-session", "labgpu-init", "labgpud")
# What else grows and shrinks on a server meanwhile, Docker for one, has no part in a session that is open.
_SESSIONS = ("sshd", "sshd-session", "bash")


def _grown(before, after, *names):
    return (after.of(*names) - before.of(*names)) / MB


@contextlib.contextmanager
def _terminals(server, client, count):
    """Login shells that wait for what is never typed."""
    there = _shells(server)
    nothing, never_written = os.pipe()
    argv = client.ssh_argv("-tt")
    processes = []
    try:
        for number in range(1, count + 1):
            processes.append(
                subprocess.Popen(
                    argv, stdin=nothing, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=client.environment
                )
            )
            if number % STARTS_AT_ONCE == 0 or number == count:
                what = f"{number} of {count} shells of {client.user}"
                wait_until(lambda number=number: _shells(server) >= there + number, 120, what, step=0.2)
        time.sleep(SETTLING_SECONDS)
        yield
        assert all(process.poll() is None for process in processes), "a session ended by itself"
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(60)
        os.close(nothing)
        os.close(never_written)
    wait_until(lambda: _shells(server) <= there, 120, f"the end of {client.user}'s shells", step=1)


def _shells(server):
    return int(server.sh("pgrep -cx bash; true").text)
