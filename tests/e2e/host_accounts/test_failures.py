# The helper is away, or the groups are not as they were set up: members are refused or go on, others are not touched.
import pytest

from bridge import CONFIG, DROP_IN, assert_in_container, assert_on_host, assert_refused
from processes import wait_until
from test_host_logins import STATES

pytestmark = pytest.mark.either_release


@pytest.mark.parametrize("state", ["stopped", "hanging"])
def test_without_the_helper_members_are_refused_and_others_not_touched(server, gwen, root, carol, state):
    gwen.ssh("true").ok()
    with STATES[state](server):
        result = gwen.ssh("hostname", timeout=60)
        assert_refused(result, "does not answer")
        for client in (root, carol):
            other = client.ssh("hostname").ok()
            assert other.text == server.sh("hostname").text and other.seconds < 2, other
    wait_until(lambda: gwen.ssh("true").status == 0, 30, "gwen's login")


def test_a_damaged_index_refuses_members_and_nobody_else(server, gwen, root, carol):
    server.sh("echo damaged >/var/lib/labgpu/nss/bridge.cdb")
    try:
        assert_refused(gwen.ssh("hostname"), "cannot tell now whether your account has a container")
        assert_on_host(server, carol)
        root.ssh("true").ok()
    finally:
        server.sh("systemctl restart labgpud.service")
    assert_on_host(server, carol)
    assert_in_container(gwen)


def test_setup_check_and_the_log_tell_of_groups_that_differ(server, group, gwen):
    assert "ok       the groups of sshd's drop-in: gpuusers" in server.labgpu("setup", "--check").ok().text
    before = server.read(CONFIG)
    server.write(CONFIG, b'{ "bridge": { "groups": ["gpuusers", "no-such-group"] } }')
    try:
        check = server.labgpu("setup", "--check").failed()
        assert "MISSING  the groups of sshd's drop-in" in check.text
        assert "MISSING  the groups that labgpud serves" in check.text
        assert "MISSING  the group no-such-group" in check.text
        server.sh("systemctl restart labgpud.service")
        log = server.sh("journalctl -q -u labgpud -n 20 --no-pager").text
        assert "not set up for members of no-such-group" in log, log
    finally:
        server.write(CONFIG, before)
        server.sh("systemctl restart labgpud.service")
    server.labgpu("setup", "--check").ok()


def test_a_wrong_configuration_is_refused_and_nothing_changes(server, group):
    before, drop_in = server.read(CONFIG), server.read(DROP_IN)
    server.write(CONFIG, b'{ "bridge": { "groups": ["a,b"] } }')
    try:
        result = server.labgpu("setup").failed()
        assert len(result.error.splitlines()) == 1 and "bridge.groups" in result.error, result
        assert server.read(DROP_IN) == drop_in
    finally:
        server.write(CONFIG, before)


def test_setup_tells_an_administrator_what_may_surprise(server, gwen):
    told = server.sh("SUDO_USER=gwen labgpu setup 2>&1; SUDO_USER=carol labgpu setup 2>&1").text
    assert told.count("gwen is in a group whose members get containers") == 1, told
    assert "carol is in a group" not in told
    assert "lets set-user-ID programs count" in told


def test_undo_makes_them_accounts_of_the_host(server, host_user):
    lena = host_user("lena", group="lab")
    before = lena.describe_login().splitlines()
    server.sh("gpasswd -a lena gpuusers")
    assert_in_container(lena)
    server.labgpu("setup", "--undo").ok()
    try:
        after = lena.describe_login().splitlines()
        assert "(gpuusers)" in after[0] and after[1:] == before[1:]
    finally:
        server.labgpu("setup").ok()
    assert_in_container(lena)


def test_export_leaves_them_out(server, gwen, alice):
    gwen.ssh("true").ok()
    exported = server.labgpu("user", "export").ok().text
    assert '"alice"' in exported and "gwen" not in exported
    assert "not labgpu's to export" in server.labgpu("user", "export", "gwen").failed().error
