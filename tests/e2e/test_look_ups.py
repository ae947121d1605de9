# Looking accounts up on the server: what has to answer for it, and what has not.
import pytest

from processes import PATIENCE, wait_until

SILENT = "/run/systemd/userdb/org.silent"


@pytest.fixture
def silent_service(server):
    """A service of systemd's user database that takes connections and says nothing."""
    server.sh(f"systemd-run --unit silent systemd-socket-activate -l {SILENT} sleep infinity")
    wait_until(lambda: server.try_sh(f"test -S {SILENT}").status == 0, what="the silent service's socket")
    yield
    server.sh(f"systemctl stop silent; rm -f {SILENT}")


def test_an_account_is_found_without_systemds_services(server, alice, silent_service):
    """nss-systemd asks all of them for each name, and its look-ups are most of what an account would cost at a login."""
    assert server.try_sh(f"timeout {2 * PATIENCE} getent passwd no-such-name").status == 124
    uid = server.sh(f"timeout {2 * PATIENCE} id -u alice").text
    for command in ("passwd alice", f"passwd {uid}", "group alice", "shadow alice"):
        assert server.sh(f"timeout {2 * PATIENCE} getent {command}").text.startswith("alice:")


@pytest.fixture
def no_shadow_reader(server):
    """pam_unix's program that reads shadow entries is gone; Debian 13's asks it for each account with the password "x"."""
    program = server.sh("command -v unix_chkpwd").text
    server.sh(f"mv {program} {program}.gone")
    yield
    server.sh(f"mv {program}.gone {program}")


def test_a_key_needs_no_shadow_entry(server, new_user, no_shadow_reader):
    user = new_user()
    assert user.ssh("hostname").ok().text == f"{user.user}-VM"


def test_whether_there_is_a_password_can_be_seen_without_the_shadow_entry(server, new_user):
    name = new_user().user
    lines = f"getent passwd {name}; getent passwd $(id -u {name})"
    seen = [server.sh(lines).text]
    for option in ("--generate", "--delete"):
        server.labgpu("passwd", name, option).ok()
        seen.append(server.sh(lines).text)
    assert [line.split(":")[1] for text in seen for line in text.splitlines()] == ["*", "*", "x", "x", "*", "*"]
