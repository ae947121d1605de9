# Many logins and terminals later the server has of everything what it had before. By default there are as many as take a
# minute; `./test.sh soak` makes ten thousand and a thousand.
import collections

import census
import pytest
from load import Load

from processes import wait_until
from terminal import SHELL, Terminal

# As many as two processors can serve without the clients' own time limits being what is tried.
AT_ONCE = 6

pytestmark = pytest.mark.either_release


@pytest.fixture(scope="module")
def before(server, people):
    """The census after everything was done a few times, so that what is made once and kept is there."""
    load = Load(people, range(130), range(12), seed=5).run(AT_ONCE)
    assert not load.failures, load.failures[0]
    return census.quiet(server)


def quarters(number):
    """The numbers from 0, in four ranges."""
    return [range(number * quarter // 4, number * (quarter + 1) // 4) for quarter in range(4)]


def test_nothing_is_left_of_sessions(request, server, people, before, capsys):
    logins, terminals = (request.config.getoption(name) for name in ("--logins", "--terminals"))
    helper = server.helper_pid()
    done = collections.Counter()
    found = [before]
    for seed, parts in enumerate(zip(quarters(logins), quarters(terminals))):
        load = Load(people, *parts, seed).run(AT_ONCE)
        done.update(load.done)
        found.append(census.take(server))
        with capsys.disabled():
            print(f"\n{dict(done)}\n{census.table(found)}", flush=True)
        assert not load.failures, load.failures[0]
    found.append(census.settled(server, before))
    with capsys.disabled():
        print(f"\nbefore, at each quarter, and when it was quiet again:\n{census.table(found)}")
    assert (done["logins"], done["terminals"]) == (logins, terminals)
    assert server.helper_pid() == helper, "the helper was started anew"
    grown = census.grown(before, found[-1]) + census.memory_growth(found)
    assert not grown, "\n".join(grown)


# What is left; what has to be found, how it is made, and how it goes.
LEFT_BEHIND = {
    "a process": ("processes, sleep", "sleep 60 >/dev/null 2>&1 &", "pkill -xf 'sleep 60'"),
    "a zombie": (
        "zombies",
        "python3 -c 'import os, time; os.fork() and time.sleep(59)' >/dev/null 2>&1 &",
        "pkill -f 'sleep[(]59'",
    ),
    "a file": ("files in /run", "touch /run/left-behind", "rm /run/left-behind"),
    "a mount": ("mounts", "mkdir /mnt/left; mount -t tmpfs tmpfs /mnt/left", "umount /mnt/left; rmdir /mnt/left"),
    "a namespace": ("namespaces, net", "unshare -n sleep 61 >/dev/null 2>&1 &", "pkill -xf 'sleep 61'"),
    "a file in a container": (
        "containers: files in /tmp",
        "docker exec alice_container touch /tmp/left",
        "docker exec alice_container rm /tmp/left",
    ),
    "a docker exec": ("docker exec", "docker exec -d alice_container sleep 62", "pkill -xf 'sleep 62'"),
}


@pytest.mark.parametrize("kind", LEFT_BEHIND)
def test_what_is_left_is_seen(server, before, kind):
    """The control: one thing more is found."""
    what, leave, remove = LEFT_BEHIND[kind]
    server.sh(leave)
    try:
        wait_until(lambda: any(line.startswith(f"{what}: ") for line in census.grown(before, census.take(server))), 15, what)
    finally:
        server.sh(remove)


# What a session at a terminal has of labgpu's, sshd's and systemd's for as long as it lasts.
OF_A_SESSION = (
    "containers: terminals",
    "inits: descriptors, ",
    "labgpud: descriptors, socket:[N]",
    "namespaces, mnt",
    "processes, labgpu-session",
    "processes, sshd",
    "terminals",
    "units of ",
)


def test_what_a_session_has_is_seen(server, people, before):
    """The other control: while somebody is there, all that is theirs is found, so that it would be if it stayed."""
    with Terminal(people.clients[0], SHELL) as terminal:
        terminal.prompt()
        grown = census.grown(before, census.take(server))
    missed = [what for what in OF_A_SESSION if not any(line.startswith(what) for line in grown)]
    assert not missed, "\n".join(["not seen:", *missed, "seen:", *grown])


def test_a_leak_of_memory_is_seen():
    def series(each):
        """`each` bytes left in each of 11,000 sessions, at the quarters."""
        return [{"labgpud: own memory, kB": 3000 + each * sessions // 1024} for sessions in range(0, 11_001, 2750)]

    assert not census.memory_growth(series(0))
    # 24 bytes are the least that glibc's malloc takes for anything, and are 32 with what it keeps of them.
    assert census.memory_growth(series(32))
