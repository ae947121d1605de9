# The helper's Varlink interface, called by other programs than labgpu, and by others than root.
import pytest

from client import Client
from test_bad_input import assert_one_line
from varlink import Varlink

pytestmark = pytest.mark.either_release

INTERFACE = "org.labgpu"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g vera@home"

# A container that labgpu did not make.
BY_HAND = "e2e-by-hand"

# Every method, in an order that makes sense: parameters, and a part of the reply that shows what was done.
CALLS = {
    "AddUser": ({"name": "vera", "realName": "Vera"}, {"user": {"name": "vera", "realName": "Vera"}}),
    "GetUser": ({"name": "vera"}, {"user": {"state": "active"}}),
    "ListUsers": ({}, {}),
    "ImportUsers": ({"users": [{"name": "walter", "authorizedKeys": [KEY]}]}, {"imported": True}),
    "ExportUsers": ({"names": ["vera"]}, {}),
    "SetUser": ({"name": "vera", "assignments": ["gpus=none"]}, {"user": {"overrides": {"gpus": "none"}}}),
    "SetPassword": ({"name": "vera", "generate": True}, {}),
    "AddKey": ({"name": "vera", "key": KEY}, {"key": {"comment": "vera@home"}}),
    "ListKeys": ({"name": "vera"}, {}),
    "Start": ({"name": "vera"}, {"container": {"state": "running"}}),
    "Status": ({"name": "vera"}, {}),
    "ListLogins": ({}, {}),
    "ReadLog": ({"name": "vera"}, {}),
    "ListImages": ({}, {}),
    "EndLogins": ({"name": "vera"}, {"ended": 0}),
    "Restart": ({"name": "vera"}, {"container": {"state": "running"}}),
    "Rebuild": ({"name": "vera", "keep": True}, {"container": {"state": "running"}}),
    "Snapshot": ({"name": "vera", "snapshot": "a"}, {"snapshot": {"image": "labgpu/snapshot/vera:a"}}),
    "ListSnapshots": ({"name": "vera"}, {}),
    "Export": ({"name": "vera", "snapshot": "a", "file": "a.tar"}, {"file": "/home/vera/a.tar"}),
    "Restore": ({"name": "vera", "snapshot": "a", "discard": True}, {"container": {"state": "running"}}),
    "RemoveSnapshot": ({"name": "vera", "snapshot": "a"}, {}),
    "Adopt": ({"name": "walter", "container": BY_HAND, "dryRun": True}, {"adoption": {"container": BY_HAND}}),
    "Stop": ({"name": "vera"}, {"container": {"state": "stopped"}}),
    "StartMaintenance": ({"message": "back at 18:00"}, {}),
    "GetMaintenance": ({}, {"on": True, "message": "back at 18:00"}),
    "EndMaintenance": ({}, {}),
    "RemoveKey": ({"name": "vera"}, {}),
    "RemoveUser": ({"name": "vera"}, {"home": "/home/vera", "containerName": "vera_container"}),
    "PurgeUser": ({"name": "walter"}, {"purge": {"home": "/home/walter", "keys": 1}}),
}


def contains(reply, part):
    """Whether PART is in REPLY: the fields of objects, and values as they are."""
    if not isinstance(part, dict):
        return reply == part
    return all(key in reply and contains(reply[key], value) for key, value in part.items())


@pytest.fixture(scope="module")
def varlink(server):
    return Varlink(server, "/run/labgpu/org.labgpu")


def test_the_interface_introduces_itself(server, varlink):
    assert varlink.interfaces() == {"org.varlink.service", INTERFACE}
    assert "error NotAllowed" in varlink.introspect(INTERFACE)
    assert varlink.methods("org.varlink.service") == {"GetInfo", "GetInterfaceDescription"}
    if varlink.has_varlinkctl:
        info = server.sh("varlinkctl info /run/labgpu/org.labgpu").text
        assert "labgpud" in info and INTERFACE in info


def test_every_method_can_be_called(server, varlink):
    """A method of the interface that is not in CALLS fails the test."""
    # ListGpus wants a driver: test_gpus.py. ChangeOwnPassword is for owners: test_self_service.py. PullImage wants a
    # registry, and Build a Dockerfile: test_images_commands.py, test_user_builds.py.
    elsewhere = {"ListGpus", "ChangeOwnPassword", "PullImage", "Build"}
    assert varlink.methods(INTERFACE) == {*CALLS, *elsewhere}
    server.sh(f"docker create --name {BY_HAND} labgpu/default:latest true")
    try:
        for method, (parameters, part) in CALLS.items():
            if method == "RemoveKey":
                keys = varlink.call(f"{INTERFACE}.ListKeys", {"name": "vera"})["keys"]
                parameters = parameters | {"fingerprint": keys[0]["fingerprint"]}
            reply = varlink.call(f"{INTERFACE}.{method}", parameters)
            assert contains(reply, part), (method, reply)
    finally:
        server.sh("labgpu maintenance off; docker rm -f vera_container " + BY_HAND)
        server.sh("for name in vera walter; do labgpu user remove --yes $name; rm -rf /home/$name; done")


def test_errors_are_those_of_the_interface(varlink, alice):
    assert varlink.error(f"{INTERFACE}.GetUser", {"name": "nobody9"}) == f"{INTERFACE}.NoSuchUser"
    assert varlink.error(f"{INTERFACE}.AddUser", {"name": "alice"}) == f"{INTERFACE}.UserExists"
    assert varlink.error(f"{INTERFACE}.GetUser", {"user": "alice"}) == "org.varlink.service.InvalidParameter"


# --- who may

CAROL = ["runuser", "-u", "carol", "--"]
GINA = ["runuser", "-u", "gina", "--"]
# runuser would ask PAM, and that labgpud.
ALICE = ["setpriv", "--reuid", "alice", "--regid", "alice", "--init-groups", "--"]


@pytest.fixture
def gina(server):
    """A host account that administers labgpu."""
    server.sh("useradd -m -s /bin/sh -G labgpu-admin gina")
    yield
    server.sh("userdel -r gina 2>/dev/null")


def labgpu_as(server, who, *arguments):
    return server.testhost("exec", server.name, *who, "labgpu", *arguments, timeout=150)


def test_a_member_of_labgpu_admin_administers(server, laptop, gina):
    client = Client(laptop, "user-of-gina")
    server.write("/var/tmp/user-of-gina.pub", client.public_key.encode())
    try:
        labgpu_as(server, GINA, "user", "add", client.user, "--key", "/var/tmp/user-of-gina.pub").ok()
        assert client.user in labgpu_as(server, GINA, "user", "list").ok().text
        assert client.user in labgpu_as(server, GINA, "user", "export", "--format", "json").ok().text
        labgpu_as(server, GINA, "user", "set", client.user, "login=root").ok()
        assert client.ssh("id -un; hostname").ok().text.split() == ["root", f"{client.user}-VM"]
        assert client.user in labgpu_as(server, GINA, "stop", client.user).ok().text
    finally:
        labgpu_as(server, GINA, "user", "remove", "--yes", client.user)
        server.sh(f"docker rm -f {client.user}_container; rm -rf /home/{client.user}")
    by = server.sh("id -u gina").text
    assert f"RemoveUser {client.user} by uid {by}" in server.sh("journalctl -q -o cat -u labgpud.service").text


def test_who_leaves_the_group_administers_no_longer(server, gina):
    labgpu_as(server, GINA, "user", "list").ok()
    server.sh("gpasswd -d gina labgpu-admin")
    assert "labgpu-admin" in assert_one_line(labgpu_as(server, GINA, "user", "list"))


def test_a_user_of_the_host_is_told_whom_to_ask(server, alice):
    before = server.state()
    whole = ("user list", "user add mallory", "user export", "status")
    of_one = ("stop alice", "user set alice locked=yes", "key list alice")
    for words in whole + of_one:
        line = assert_one_line(labgpu_as(server, CAROL, *words.split()))
        assert line == "labgpu: only root and members of the group labgpu-admin may do that; try it with sudo"
    assert server.state() == before


def test_an_account_may_look_after_itself_and_no_other_one(server, alice, bob):
    alice.ssh("true").ok()
    rows = labgpu_as(server, ALICE, "status").ok().text.splitlines()
    assert len(rows) == 2 and rows[1].startswith("alice "), rows
    assert "alice_container" in labgpu_as(server, ALICE, "restart", "alice").ok().text
    assert "alice@laptop" in labgpu_as(server, ALICE, "key", "list", "alice").ok().text
    labgpu_as(server, ALICE, "user", "show", "alice").ok()
    before = server.state()
    for words in ("status bob", "stop bob", "user show bob", "key list bob"):
        assert "your own account, alice" in assert_one_line(labgpu_as(server, ALICE, *words.split()))
    for words in ("user set alice login=root", "user remove --yes alice", "key remove alice SHA256:x", "user export"):
        assert "labgpu-admin" in assert_one_line(labgpu_as(server, ALICE, *words.split()))
    assert server.state() == before


def test_only_root_sets_the_server_up(server, gina):
    for words in ("setup", "setup --undo", "image bootstrap"):
        assert "root" in assert_one_line(labgpu_as(server, GINA, *words.split()))
