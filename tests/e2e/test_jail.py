# labgpu-session's jail: in force in every session, on this release's kernel and sshd, and no hindrance to anybody.
import contextlib
import re
import signal
import time

import pytest

from processes import wait_until

PROGRAM = "/usr/libexec/labgpu/labgpu-session"

IN_FORCE = {
    **{"NoNewPrivs": 1, "Seccomp": 2, "CapInh": 0, "CapPrm": 0, "CapEff": 0, "CapAmb": 0},
    **{"processes": 0, "core file size": 0},
}


def session_of(server, user):
    """The process on the host that is that account's only session command; one of before may just be ending."""
    script = f"for p in $(pgrep -u {user}); do [ $(readlink /proc/$p/exe) != {PROGRAM} ] || echo $p; done"
    return wait_until(lambda: len(found := server.try_sh(script).text.split()) == 1 and int(found[0]), 10, "one session")


def settled(look, wanted):
    """What `look()` gives, at the latest after some time: a command is up before its session command has closed its jail."""
    with contextlib.suppress(AssertionError):
        wait_until(lambda: look() == wanted, 5)
    return look()


def jail_of(server, pid):
    status = dict(line.split(":", 1) for line in server.read(f"/proc/{pid}/status").decode().splitlines())
    limits = server.read(f"/proc/{pid}/limits").decode()
    return {
        name: int(status[name], 16) if name in status else int(re.search(rf"Max {name} +\d+ +(\d+)", limits)[1])
        for name in IN_FORCE
    }


# The command has to end with its client: without a terminal nothing else ends it, nor with a plain sshd.
@pytest.mark.parametrize("options", [(), ("-tt",)], ids=["pipes", "terminal"])
def test_is_in_force(server, alice, options):
    with alice.background("echo ready; exec cat", *options) as command:
        command.expect(b"ready")
        pid = session_of(server, "alice")
        assert settled(lambda: jail_of(server, pid), IN_FORCE) == IN_FORCE


@pytest.mark.parametrize("options", [(), ("-tt",)], ids=["pipes", "terminal"])
def test_has_only_the_descriptors_of_a_session(server, alice, options):
    stdio = ["/dev/pts/"] * 3 + ["/dev/pts/ptmx"] if options else ["/dev/null"] * 3
    wanted = sorted([*stdio, "/dev/null", "anon_inode:[signalfd]", "socket"])
    with alice.background("echo ready; exec cat", *options) as command:
        command.expect(b"ready")
        pid = session_of(server, "alice")

        def kinds():
            links = server.sh(f"readlink /proc/{pid}/fd/*").text.splitlines()
            return sorted(re.sub(r":?\[?\d+\]?$", "", link) for link in links)

        assert settled(kinds, wanted) == wanted


def test_a_session_that_is_stopped_goes_on(server, alice):
    with alice.background("echo ready; read word; echo got-$word", "-tt") as command:
        command.expect(b"ready")
        pid = session_of(server, "alice")
        server.sh(f"kill -STOP {pid}; sleep 0.5; kill -CONT {pid}")
        command.send(b"word\n")
        command.expect(b"got-word")
        assert command.finish().status == 0


def test_a_client_that_is_stopped_gets_everything_later(alice):
    """As after ~^Z: ssh reads nothing, and every queue on the way is full."""
    with alice.background("stty -opost; echo ready; seq 1 1000000; exit 7", "-tt") as command:
        command.expect(b"ready\n")
        command.process.send_signal(signal.SIGSTOP)
        time.sleep(2)
        command.process.send_signal(signal.SIGCONT)
        result = command.finish(60)
    assert result.status == 7
    assert result.out.partition(b"ready\n")[2] == b"".join(b"%d\n" % number for number in range(1, 1_000_001))


@pytest.mark.long
def test_a_hundred_megabytes_through_a_terminal(alice):
    result = alice.ssh("stty -opost; head -c 100000000 /dev/zero", "-tt", timeout=120).ok()
    assert result.out == bytes(100_000_000)
