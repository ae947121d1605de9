# `labgpu setup --userdb`: systemd's programs see labgpu's accounts, once each, and logins stay as they were.
import json

import pytest

from processes import PATIENCE
from test_host_logins import helper_hanging
from varlink import Varlink

SOCKET = "/run/systemd/userdb/org.labgpu"
INTERFACE = "io.systemd.UserDatabase"
# systemd's programs wait 45 seconds for a service that does not answer; what ends earlier did not wait so.
NO_ANSWER = 30 * PATIENCE
MULTIPLEXER = "systemd-userdbd.socket systemd-userdbd.service"

# What a server without it tells of labgpu's accounts and of others; it has to be the same with it.
VIEW = """getent passwd alice; getent shadow alice; getent passwd $(id -u alice); id alice; id carol; id root
getent group labgpu alice $(id -g alice) $(getent group labgpu | cut -d: -f3)
getent passwd | sort; getent group | sort; getent shadow | sort
getent passwd no-such-name; getent group no-such-name; getent passwd 54321; true"""


@pytest.fixture(scope="module")
def view_without(server, alice, bob):
    assert server.try_sh(f"test -e {SOCKET}").status == 1
    assert "does not ask labgpu" in server.labgpu("setup", "--check").ok().text
    return server.sh(VIEW).text.splitlines()


@pytest.fixture(scope="module")
def userdb(server, view_without):
    server.labgpu("setup", "--userdb").ok()
    yield Varlink(server, SOCKET)
    server.labgpu("setup", "--undo").ok()
    assert server.try_sh(f"test -e {SOCKET}").status == 1
    server.labgpu("setup").ok()
    assert server.try_sh(f"test -e {SOCKET}").status == 1


@pytest.fixture(scope="module", params=["through-userdbd", "directly"])
def way(request, server, userdb):
    """userdbctl asks systemd-userdbd, which asks labgpu; where that does not run it asks labgpu itself."""
    server.sh(f"systemctl {'stop' if request.param == 'directly' else 'start'} {MULTIPLEXER}")
    yield request.param
    server.sh(f"systemctl start {MULTIPLEXER}")


def userdbctl(server, *arguments, user="root"):
    command = ["runuser", "-u", user, "--", "userdbctl", "--no-pager", "--no-legend", *arguments]
    return server.testhost("exec", server.name, *command).ok()


def user_record(server, name, user="root"):
    return json.loads(userdbctl(server, "user", "--output=json", name, user=user).out)


def group_record(server, name):
    return json.loads(userdbctl(server, "group", "--output=json", name).out)


def rows(result):
    return [line.split() for line in result.text.splitlines()]


def test_userdbctl_shows_an_account(server, way, alice):
    record = user_record(server, "alice")
    assert record["service"] == "org.labgpu"
    assert record["uid"] == int(server.sh("id -u alice").text)
    assert (record["homeDirectory"], record["disposition"]) == ("/home/alice", "regular")
    assert record["privileged"]["sshAuthorizedKeys"] == [alice.public_key.strip()]
    shown = userdbctl(server, "user", "alice").text
    assert "Service: org.labgpu" in shown and "Login OK: yes" in shown, shown
    assert userdbctl(server, "ssh-authorized-keys", "alice").text == alice.public_key.strip()


def test_what_is_for_root_is_for_root(server, way):
    record = user_record(server, "alice", user="carol")
    assert record["service"] == "org.labgpu"
    assert "privileged" not in record


def test_memberships_are_told_once(server, way, alice, bob):
    assert rows(userdbctl(server, "groups-of-user", "alice")) == [["alice", "labgpu"]]
    members = rows(userdbctl(server, "users-in-group", "labgpu"))
    assert members.count(["alice", "labgpu"]) == members.count(["bob", "labgpu"]) == 1


@pytest.mark.parametrize("what", ["user", "group"])
def test_lists_have_every_account_once(server, way, alice, bob, what):
    listed = [row for row in rows(userdbctl(server, what)) if len(row) > 1]
    for name in ("alice", "bob", "root", "carol"):
        assert sum(name in row[:2] for row in listed) == 1, (name, listed)


def test_groups_are_found(server, way, alice, bob):
    record = group_record(server, "alice")
    assert (record["service"], record["gid"]) == ("org.labgpu", int(server.sh("id -g alice").text))
    assert {"alice", "bob"} <= set(group_record(server, "labgpu")["members"])


def test_a_locked_account_is_shown_as_one(server, way, new_user):
    user = new_user()
    server.labgpu("user", "set", user.user, "locked=yes").ok()
    assert user_record(server, user.user)["locked"] is True
    assert "Login OK: no" in userdbctl(server, "user", user.user).text


def test_every_look_up_is_told_the_same_as_without(server, userdb, view_without):
    told = server.sh(VIEW).text.splitlines()
    assert [line for line in told if line not in view_without] == []
    assert told == view_without


def test_every_method_can_be_called(userdb, alice):
    calls = {
        "GetUserRecord": ({"userName": "alice"}, lambda reply: reply["record"]["userName"] == "alice"),
        "GetGroupRecord": ({"groupName": "alice"}, lambda reply: reply["record"]["groupName"] == "alice"),
        "GetMemberships": (
            {"userName": "alice", "groupName": "labgpu"},
            lambda reply: reply == {"userName": "alice", "groupName": "labgpu"},
        ),
    }
    assert userdb.methods(INTERFACE) == set(calls)
    for method, (parameters, right) in calls.items():
        assert right(userdb.call(f"{INTERFACE}.{method}", parameters | {"service": "org.labgpu"}))
    wrong = {"userName": "alice", "service": "io.systemd.Home"}
    assert userdb.error(f"{INTERFACE}.GetUserRecord", wrong) == f"{INTERFACE}.BadService"


@pytest.mark.parametrize(
    "done_to_it", ["true", "systemctl stop labgpud.service", "systemctl --no-block restart labgpud.service"]
)
def test_logins_and_look_ups_go_on(server, userdb, done_to_it, root, carol, alice):
    """systemd keeps the socket, so that a look-up starts labgpud, or waits for it while it restarts."""
    server.sh(done_to_it)
    assert server.sh(f"timeout {NO_ANSWER} getent passwd alice").text.startswith("alice:")
    assert root.ssh("id -un").ok().seconds < NO_ANSWER
    assert carol.ssh("id -un").ok().text == "carol"
    assert alice.ssh("hostname").ok().text == "alice-VM"


def test_the_helper_does_not_wait_for_itself(server, userdb, new_user):
    """A new account's name is looked up in every other source, nss-systemd among them."""
    result = server.labgpu("user", "add", "carol").failed()
    assert "carol" in result.error and result.seconds < NO_ANSWER, result
    user = new_user()
    assert user.ssh("hostname").ok().text == f"{user.user}-VM"


def test_a_locked_account_reads_the_same_sentence(server, userdb, new_user):
    user = new_user()
    server.labgpu("user", "set", user.user, "locked=yes").ok()
    assert "your account is locked" in user.ssh("hostname").failed().error


def test_setup_again_leaves_it_on_and_check_tells(server, userdb):
    server.labgpu("setup").ok()
    assert "already" in server.labgpu("setup", "--userdb").ok().text
    assert "asks labgpu too" in server.labgpu("setup", "--check").ok().text


@pytest.mark.long
def test_the_reason_for_being_off_by_default(server, userdb):
    """While labgpud hangs, everybody's look-ups wait. When this fails, --userdb may become the default."""
    with helper_hanging(server):
        assert server.try_sh("timeout 5 id carol").status == 124
