# root and the host's other accounts never notice labgpu; labgpu's accounts never land on the host.
import contextlib

import pytest

from client import Client, free_port, talk
from processes import wait_until
from server import SOCKETS, UNITS


@contextlib.contextmanager
def helper_running(server):
    server.sh("systemctl start labgpud.service")
    yield


@contextlib.contextmanager
def helper_stopped(server):
    """The service and its sockets, so that nothing starts it again."""
    server.sh(f"systemctl stop {UNITS}")
    try:
        yield
    finally:
        server.sh(f"systemctl start {SOCKETS} labgpud.service")


@contextlib.contextmanager
def helper_hanging(server):
    """Stopped by a signal: it accepts nothing and answers nothing, and its sockets stay. No watchdog helps it."""
    server.sh("mkdir -p /run/systemd/system/labgpud.service.d")
    server.sh("printf '[Service]\\nWatchdogSec=0\\n' >/run/systemd/system/labgpud.service.d/e2e.conf")
    server.sh("systemctl daemon-reload; systemctl restart labgpud.service")
    pid = server.helper_pid()
    server.sh(f"kill -STOP {pid}")
    try:
        yield
    finally:
        server.sh(f"kill -CONT {pid}; rm -r /run/systemd/system/labgpud.service.d; systemctl daemon-reload")
        server.sh("systemctl restart labgpud.service")


STATES = {"running": helper_running, "stopped": helper_stopped, "hanging": helper_hanging}


@pytest.fixture(scope="module", params=STATES)
def helper(request, server, alice):
    alice.ssh("true").ok()
    with STATES[request.param](server):
        yield request.param
    wait_until(lambda: alice.ssh("true").status == 0, 30, "alice's login")


@pytest.mark.parametrize("account", ["root", "carol"])
def test_host_account_finds_what_it_found_before_labgpu(request, helper, before_labgpu, account):
    assert request.getfixturevalue(account).describe_login() == before_labgpu[account]


@pytest.mark.parametrize("account", ["root", "carol", "carol_by_password"])
def test_host_account_logs_in_without_delay(request, helper, account):
    result = request.getfixturevalue(account).ssh("id -un; hostname").ok()
    assert result.text.split()[0] == account.partition("_")[0]
    assert "VM" not in result.text
    assert result.seconds < 2, result


def test_host_account_fails_as_before(helper, laptop):
    wrong = Client(laptop, "carol", "not her password").ssh("true").failed()
    assert "Permission denied" in wrong.error
    unknown = Client(laptop, "nobody-of-that-name").ssh("true").failed()
    assert "Permission denied" in unknown.error


def test_host_account_has_a_terminal_and_copies_files(helper, root, carol, tmp_path):
    assert carol.ssh("tty", "-tt").ok().text.startswith("/dev/pts/")
    (tmp_path / "file").write_text("x")
    carol.scp(f"{tmp_path}/file", "server:from-scp").ok()
    assert root.ssh("cat /home/carol/from-scp").ok().text == "x"


def test_names_resolve_on_the_host_without_the_helper(server, helper):
    found = server.sh("timeout 5 getent passwd alice carol; timeout 5 getent group labgpu; timeout 5 id alice").text
    assert found.count("\n") == 3, found
    assert server.try_sh("timeout 5 getent passwd no-such-name").status == 2
    assert "carol:" in server.sh("timeout 5 getent passwd").text


def test_labgpu_account_lands_in_its_container_or_nowhere(server, helper, alice):
    result = alice.ssh("hostname", timeout=60)
    if helper == "running":
        assert result.ok().text == "alice-VM"
        return
    assert result.failed().out == b"", "nothing of the command may have run"
    assert result.seconds < 40, result
    assert result.error, "the user is not told why"
    assert len(result.error.splitlines()) <= 2, result


def test_labgpu_account_cannot_forward_to_the_host_meanwhile(server, helper, alice):
    port = free_port()
    with alice.background(None, "-N", "-v", "-L", f"127.0.0.1:{port}:127.0.0.1:22") as process:
        wait_until(lambda: process.poll() or b"Entering interactive" in process.err or process.process.poll(), 60)
        if process.process.poll() is None:
            assert b"SSH-2.0" not in talk(port), "that was the host's own sshd"


@pytest.mark.long
def test_labgpu_command_says_that_the_helper_does_not_answer(server, helper):
    result = server.labgpu("user", "list", timeout=90)
    if helper == "running":
        result.ok()
    else:
        assert len(result.failed().error.splitlines()) == 1, result
