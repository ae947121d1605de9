# What an administrator sees and sets of accounts of the host that have containers.
import pytest

from bridge import PASSWORD, assert_in_container, assert_refused
from client import Client
from processes import run

pytestmark = pytest.mark.either_release


def test_list_and_show_tell_where_the_account_comes_from(server, gwen, alice):
    gwen.ssh("true").ok()
    rows = {line.split()[0]: line.split() for line in server.labgpu("user", "list").ok().text.splitlines()}
    assert (rows["gwen"][2], rows["alice"][2]) == ("server", "labgpu")
    shown = dict(line.split(None, 1) for line in server.labgpu("user", "show", "gwen").ok().text.splitlines())
    assert (shown["from"], shown["password"]) == ("server", "server's")


def test_nothing_of_it_is_in_the_name_service_twice(server, gwen):
    gwen.ssh("true").ok()
    assert server.sh("getent passwd | grep -c ^gwen:").text == "1"
    assert "labgpu" not in server.sh("id -Gn gwen").text.split()


def test_lock_dates_limits_and_maintenance(server, gwen):
    gwen.ssh("true").ok()
    try:
        server.labgpu("user", "set", "gwen", "locked=yes").ok()
        assert_refused(gwen.ssh("hostname"), "locked")
        server.labgpu("user", "set", "gwen", "locked=no", "not_after=2001-01-01").ok()
        assert_refused(gwen.ssh("hostname"), "expired on 2001-01-01")
        server.labgpu("user", "set", "gwen", "not_after=", "max_sessions=1").ok()
        with gwen.background("echo in; read line") as first:
            first.expect(b"in\n")
            assert_refused(gwen.ssh("hostname"), "you have 1 login open")
        server.labgpu("maintenance", "on", "back at 18:00").ok()
        assert_refused(gwen.ssh("hostname"), "back at 18:00")
    finally:
        server.labgpu("maintenance", "off").ok()
        server.labgpu("user", "set", "gwen", "locked=no", "not_after=", "max_sessions=").ok()
    assert_in_container(gwen)


def test_settings_of_its_container(server, host_user):
    hana = host_user("hana")
    hana.ssh("true").ok()
    server.labgpu("user", "set", "hana", "hostname={user}-lab", "login=root").ok()
    server.sh("docker rm -f hana_container")
    assert hana.ssh("hostname; id -un").ok().text.split() == ["hana-lab", "root"]
    status = server.labgpu_json("status", "hana")["containers"][0]
    assert (status["user"], status["state"]) == ("hana", "running")
    server.labgpu("stop", "hana").ok()
    assert server.init_pid("hana") == 0
    server.labgpu("start", "hana").ok()
    assert hana.ssh("hostname").ok().text == "hana-lab"


def test_keys_of_the_administrator_count_and_what_is_the_hosts_is_refused(server, laptop, gwen):
    gwen.ssh("true").ok()
    key = laptop.directory / "given.key"
    key.unlink(missing_ok=True)
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key]).ok()
    server.write("/var/tmp/given.pub", key.with_suffix(".key.pub").read_bytes())
    server.labgpu("key", "add", "gwen", "/var/tmp/given.pub").ok()
    given = Client(laptop, "gwen")
    given.options = [word.replace(str(gwen.key), str(key)) for word in gwen.options]
    assert given.ssh("hostname").ok().text == "gwen-VM"
    for words, stdin in ((["--password-stdin"], b"another\n"), (["--no-password"], b""), (["real_name=G"], b"")):
        result = server.labgpu("user", "set", "gwen", *words, stdin=stdin).failed()
        assert "gwen is an account of this server" in result.error, result
        assert len(result.error.splitlines()) == 1
    added = server.labgpu("user", "add", "gwen").failed()
    assert len(added.error.splitlines()) == 1, added


def test_its_password_is_the_hosts_to_change(server, laptop, gwen):
    gwen.ssh("true").ok()
    for option in ("--generate", "--delete", "--lock", "--expire"):
        result = server.labgpu("passwd", "gwen", option).failed()
        assert "gwen is an account of this server, whose password is not labgpu's to change" in result.error, result
    other = "gwen's other pass word"
    server.sh("chpasswd", stdin=f"gwen:{other}\n")
    try:
        assert Client(laptop, "gwen", other, "password").ssh("hostname").ok().text == "gwen-VM"
    finally:
        server.sh("chpasswd", stdin=f"gwen:{PASSWORD}\n")


def test_adding_somebody_of_the_host_tells_of_the_group(server, group, carol):
    result = server.labgpu("user", "add", "carol").failed()
    assert "a user in gpuusers need not be added" in result.error, result
