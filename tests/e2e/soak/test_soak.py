# Many logins and terminals later the server has of everything what it had before. By default there are as many as take a
# minute; `./test.sh soak` makes ten thousand and a thousand.
import census
import pytest
from load import Load

# As many as two processors can serve without the clients' own time limits being what is tried.
AT_ONCE = 6

pytestmark = pytest.mark.either_release


@pytest.fixture(scope="module")
def before(server, people, refused):
    """The census after everything was done a few times, so that what is made once and kept is there."""
    load = Load(people, refused, logins=60, terminals=8, seed=2)
    load.run(AT_ONCE)
    assert not load.failures, load.failures[0]
    return census.quiet(server)


def test_nothing_is_left_of_sessions(request, server, people, refused, before, capsys):
    logins, terminals = (request.config.getoption(name) for name in ("--logins", "--terminals"))
    helper = server.helper_pid()
    load = Load(people, refused, logins, terminals)
    load.run(AT_ONCE)
    after = census.settled(server, before)
    with capsys.disabled():
        print(f"\n{load.done}\n{census.table(before, after)}")
    assert not load.failures, load.failures[0]
    assert (load.done["logins"], load.done["terminals"]) == (logins, terminals)
    assert server.helper_pid() == helper, "the helper was started anew"
    grown = census.grown(before, after) + census.memory_growth(before, after, logins + terminals)
    assert not grown, "\n".join(grown)


# What is left; what has to be found, how it is made, and how it goes.
LEFT_BEHIND = {
    "a process": (
        "processes, sshd-left",
        "cp /bin/sleep /var/tmp/sshd-left; /var/tmp/sshd-left 60 >/dev/null 2>&1 &",
        "pkill -x sshd-left; rm /var/tmp/sshd-left",
    ),
    "a file": ("files in /run", "touch /run/left-behind", "rm /run/left-behind"),
    "a mount": ("mounts", "mkdir /mnt/left; mount -t tmpfs tmpfs /mnt/left", "umount /mnt/left; rmdir /mnt/left"),
    "a namespace": ("namespaces, net", "unshare -n sleep 61 >/dev/null 2>&1 &", "pkill -xf 'sleep 61'"),
    "a file in a container": (
        "containers: files in /tmp",
        "docker exec alice_container touch /tmp/left",
        "docker exec alice_container rm /tmp/left",
    ),
    "a terminal in a container": (
        "containers: terminals",
        "docker exec -dt alice_container sleep 62",
        "pkill -xf 'sleep 62'",
    ),
}


@pytest.mark.parametrize("kind", LEFT_BEHIND)
def test_what_is_left_is_seen(server, before, kind):
    """The control: one thing more is found."""
    what, leave, remove = LEFT_BEHIND[kind]
    server.sh(leave)
    try:
        found = census.settled(server, before, timeout=2)
        assert any(what in line for line in census.grown(before, found)), census.grown(before, found)
    finally:
        server.sh(remove)


def test_a_leak_of_memory_is_seen():
    earlier = {"labgpud: own memory, kB": 3000}
    assert not census.memory_growth(earlier, {"labgpud: own memory, kB": 3300}, 11_000)
    # 32 bytes of each session.
    assert census.memory_growth(earlier, {"labgpud: own memory, kB": 3000 + 11_000 * 32 // 1024 + 192}, 11_000)
