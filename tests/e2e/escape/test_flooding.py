# Using things up: processes, memory, descriptors, connections and packets of hers must not keep others from logging in.
import contextlib
import struct

import pytest

from attempts import trick
from processes import wait_until
from settings import made_with

pytestmark = [pytest.mark.thorough, pytest.mark.usefixtures("nobody_else_is_hurt")]
SOCKET = "/run/labgpu/session/socket"


def helper_descriptors(server):
    return int(server.sh(f"ls /proc/{server.helper_pid()}/fd | wc -l").text)


# --- from within the container


def test_as_many_processes_as_there_can_be(server, new_user, carol):
    user = made_with(server, new_user, "pids=64", "memory=256M")
    fork = "while :; do (sleep 100 &) done 2>/dev/null"
    with user.background(f"echo in; while :; do sh -c '{fork}'; sleep 1; done") as bomb:
        bomb.expect(b"in")
        running = f"pgrep -c -u {user.user}"
        wait_until(lambda: int(server.try_sh(running).text) > 55, 30, "the limit of her processes", 0.5)
        assert int(server.try_sh(running).text) < 80, "there is no limit"
        assert carol.ssh("true").ok().seconds < 5
        refused = user.ssh("hostname", timeout=30)
        assert refused.status == 0 or refused.seconds < 25, refused
    server.labgpu("restart", user.user, timeout=60).ok()
    assert user.ssh("hostname").ok().text == f"{user.user}-VM"


def test_more_memory_than_she_has(server, new_user, carol):
    user = made_with(server, new_user, "memory=64M")
    result = user.ssh("head -c 300M /dev/zero | tail", timeout=60)
    assert result.status != 0
    assert user.ssh("hostname").ok().text == f"{user.user}-VM"


def test_connections_to_init_that_say_nothing(server, mallory, fresh_container):
    """All of init's places are taken: her own login waits or ends, and after init's patience she gets in again."""
    with mallory.background(f"sudo -n {trick('hold', '/.labgpu/run/init.sock', 400)}") as holder:
        holder.expect(b"holding")
        mallory.ssh("hostname", timeout=60)
        wait_until(lambda: mallory.ssh("hostname", timeout=60).status == 0, 60, "her own login", 1)


def test_files_without_end_in_tmp(server, mallory, carol, fresh_container):
    """Names in the container's /tmp, which is the login view's."""
    mallory.root("cd /tmp && seq 20000 | xargs touch", timeout=60).ok()
    assert mallory.ssh("hostname").ok().seconds < 10


# --- from her clients


def test_many_logins_that_only_stay(server, mallory, bob, carol):
    """Each holds one of the helper's connections."""
    before = helper_descriptors(server)
    with contextlib.ExitStack() as logins:
        for _ in range(25):
            logins.enter_context(mallory.background(None, "-N", "-v"))
        wait_until(lambda: len(server.labgpu_json("sessions", "mallory")["logins"]) >= 25, 60, "all logins", 0.5)
        assert bob.ssh("hostname").ok().text == "bob-VM"
        assert carol.ssh("true").ok().seconds < 10
    wait_until(lambda: helper_descriptors(server) <= before + 2, 30, "the helper's descriptors are given back")


def test_many_commands_in_one_login(server, mallory, bob):
    """Sessions of one connection, up to sshd's own limit."""
    with mallory.master() as shared, contextlib.ExitStack() as sessions:
        running = [sessions.enter_context(shared.background("echo in; cat")) for _ in range(30)]
        for session in running:
            session.expect(b"in", 60)
        assert bob.ssh("hostname").ok().text == "bob-VM"


# --- from the place of a session command that she had taken over (test_login_processes.py)


@pytest.fixture
def taken_over(server, mallory):
    with mallory.background("echo in; cat") as login:
        login.expect(b"in")
        become = f"nsenter -t {mallory.session_pid()} -m -n -u setpriv --reuid mallory --regid mallory --init-groups"
        yield lambda program: server.try_sh(f"{become} {program}", timeout=60)


def test_connections_to_the_helper(server, mallory, bob, carol, taken_over):
    """64 for one account; more are refused, and others have theirs."""
    before = helper_descriptors(server)
    held = taken_over(trick("hold", SOCKET, 1000, 3)).ok().text
    assert held.split()[:2] == ["holding", "1000"], held
    assert int(held.split()[2]) <= 64, f"{held}: of 1000 connections as many were kept"
    with mallory.background("echo in; cat") as login:
        login.expect(b"in")
        assert bob.ssh("hostname").ok().text == "bob-VM"
        assert carol.ssh("true").ok().seconds < 5
    wait_until(lambda: helper_descriptors(server) <= before + 4, 30, "the helper's descriptors are given back")


PACKETS = {
    "large": "0a00*75000",
    "empty": "*0",
    "one byte": "01",
    "a length that is a lie": struct.pack("<HI", 10, 0xFFFFFFFF).hex(),
    "an unknown request": struct.pack("<H", 999).hex(),
    "another version": struct.pack("<HH", 1, 65535).hex(),
}
HELLO = struct.pack("<HH", 1, 1)


def text(words):
    return struct.pack("<I", len(words)) + words.encode()


def host_account(uid):
    return struct.pack("<BII", 0, uid, uid) + text("") + text("") + text("")


# Requests that are PAM's, which root alone may send.
PAMS = {
    "is bob let in": struct.pack("<H", 10) + text("bob") + text("h") + host_account(0),
    "bob's namespaces": struct.pack("<H", 12) + text("bob") + text("h") + host_account(0) + struct.pack("<I", 1000),
    "root's namespaces": struct.pack("<H", 12) + text("root") + text("h") + host_account(0) + struct.pack("<I", 1000),
    "bob's password": struct.pack("<H", 14) + text("bob") + b"\1" + text("x"),
    "another password for bob": struct.pack("<H", 16) + text("bob") + b"\1" + text("") + text("hers now"),
}


@pytest.mark.parametrize("what", PACKETS)
def test_a_packet_that_makes_no_sense(server, taken_over, what):
    for first in ([], [HELLO.hex()]):
        answer = taken_over(trick("ask", SOCKET, *first, PACKETS[what]))
        assert "descriptors 0" in answer.ok().text, answer


@pytest.mark.parametrize("what", PAMS)
def test_a_request_that_is_pams(taken_over, what):
    answer = taken_over(trick("ask", SOCKET, HELLO.hex(), PAMS[what].hex())).ok().text
    assert "only root may ask this" in answer and "descriptors 0" in answer, answer


def test_bobs_container_for_her_uid(server, mallory, bob, taken_over):
    """Attach has no name in it: whose container it is says the kernel."""
    attach = struct.pack("<HB", 20, 0)
    answer = taken_over(trick("ask", SOCKET, HELLO.hex(), attach.hex())).ok().text
    assert "descriptors 1" in answer, "it is her own that she gets; else nothing is shown"
    peer = int(answer.split("peer ")[1].split()[0])
    assert peer == server.init_pid("mallory") != server.init_pid("bob")


def test_the_request_from_the_hosts_network(server, mallory, journal):
    """A process of hers that PAM did not move is refused, and that is logged."""
    attach = struct.pack("<HB", 20, 0)
    become = "setpriv --reuid mallory --regid mallory --init-groups"
    ask = trick("ask", SOCKET, HELLO.hex(), attach.hex())
    assert "not set up for this way" in server.sh(f"{become} {ask}").text
    journal.expect("refused a session outside of a login by ssh", "LABGPU_USER=mallory")
    # A network namespace of one's own comes with a user namespace of one's own.
    assert "not set up for this way" in server.sh(f"{become} unshare -Urn {ask}").text
