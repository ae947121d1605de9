# Accounts of a directory service: LDAP through SSSD. Their group gives them a container, also while the directory does
# not answer; nobody gets onto the host because of that.
import pytest

from bridge import (
    add_host_user,
    assert_in_container,
    assert_on_host,
    assert_refused,
    bridged_groups,
    remove_host_user,
)
from client import Client
from directory import directory_service
from processes import wait_until
from server import MARKER

pytestmark = [pytest.mark.destructive, pytest.mark.long]
PASSWORD = "lea's pass word"


@pytest.fixture(scope="module")
def directory(server, root, carol):
    with directory_service(server) as service:
        service.add_group("people", 70000)
        service.add_group("gpuldap", 70010)
        for number, name in enumerate(["lea", "paul", "max"], start=70001):
            service.add_user(name, number, 70000, PASSWORD)
        service.put_into("gpuldap", "lea")
        with bridged_groups(server, "gpuldap"):
            yield service
        for name in ("lea", "paul", "max"):
            remove_host_user(server, name)
            server.sh(f"rm -rf /home/{name}")


@pytest.fixture(scope="module")
def lea(server, laptop, directory):
    """A member; the first login by password made her home, and since then she has a key in it."""
    by_password = Client(laptop, "lea", PASSWORD)
    first = by_password.ssh("hostname; id -u; id -gn; pwd").ok()
    assert first.text.split() == ["lea-VM", "70001", "people", "/home/lea"]
    client = Client(laptop, "lea")
    server.write("/home/lea/.ssh/authorized_keys", client.public_key.encode(), mode="600", owner="lea")
    return client


@pytest.fixture(scope="module")
def paul(server, laptop, directory):
    """In the directory, and in no group that has containers."""
    return Client(laptop, "paul", PASSWORD)


def test_a_member_is_in_a_container(server, lea, tmp_path):
    assert_in_container(lea)
    assert lea.ssh("tty", "-tt").ok().text.startswith("/dev/pts/")
    (tmp_path / "sent").write_text("sent\n")
    lea.scp(f"{tmp_path}/sent", "server:").ok()
    assert server.sh("stat -c '%u %g' /home/lea/sent").text == "70001 70000"
    found = server.labgpu_json("user", "show", "lea")["user"]
    assert (found["origin"], found["uid"], found["gid"], found["realName"]) == ("host", 70001, 70000, "Lea of the lab")


@pytest.mark.parametrize("method", ["password", "keyboard-interactive"])
def test_the_directorys_password(laptop, lea, method):
    assert Client(laptop, "lea", PASSWORD, method).ssh("hostname").ok().text == "lea-VM"
    assert "Permission denied" in Client(laptop, "lea", "wrong", method).ssh("hostname").failed().error


def test_others_of_the_directory_are_on_the_host(server, paul):
    assert_on_host(server, paul)
    assert "paul" not in server.labgpu("user", "list").ok().text


def test_who_joins_the_group_has_a_container_and_who_leaves_is_on_the_host_again(server, directory, paul):
    before = paul.describe_login()
    directory.put_into("gpuldap", "paul")
    assert_in_container(paul)
    directory.take_from("gpuldap", "paul")
    assert paul.describe_login() == before


def test_a_member_is_who_has_the_group_by_id(server, laptop, directory):
    """A name that only the group's entry has is no member to the server, and none to sshd."""
    local = add_host_user(server, laptop, "lotte", group="users")
    try:
        directory.put_into("gpuldap", "lotte")
        assert "gpuldap" not in server.sh("id -Gn lotte").text.split()
        assert_on_host(server, local)
    finally:
        directory.take_from("gpuldap", "lotte")
        remove_host_user(server, "lotte")


def test_the_primary_group_counts_too(server, directory, laptop):
    member = Client(laptop, "max", PASSWORD)
    directory.modify("uid=max,ou=people", "replace: gidNumber\ngidNumber: 70010\n")
    assert member.ssh("hostname; id -gn").ok().text.split() == ["max-VM", "gpuldap"]


def test_a_shell_that_changes_during_the_login_runs_nothing_on_the_host(server, directory, lea, laptop):
    """sshd looks the account up first, PAM later; a directory may let people choose their shell."""
    plant = f"[ -e /.labgpu ] || touch {MARKER}\n"
    server.write("/home/lea/.bashrc", plant.encode(), owner="lea")
    answer = laptop.directory / "answer-now"
    askpass = laptop.directory / "askpass-late"
    askpass.write_text(f"#!/bin/sh\nwhile [ ! -e {answer} ]; do sleep 0.1; done\necho \"{PASSWORD}\"\n")
    askpass.chmod(0o700)
    late = Client(laptop, "lea", PASSWORD).with_environment({"SSH_ASKPASS": str(askpass)})
    try:
        for seen_by_sshd, seen_by_pam in (("/bin/bash", "/usr/bin/fish"), ("/bin/bash", "/bin/sh")):
            answer.unlink(missing_ok=True)
            directory.set_shell("lea", seen_by_sshd)
            with late.background("hostname", "-v") as login:
                wait_until(lambda: login.poll() or b"Next authentication method: password" in login.err, 20)
                directory.set_shell("lea", seen_by_pam)
                assert server.sh("getent passwd lea").text.endswith(seen_by_pam)
                answer.touch()
                result = login.finish()
            assert result.failed().out == b"" and "Permission denied" in result.error, result
        assert server.try_sh(f"ls {MARKER}").status != 0, "the user's own ~/.bashrc ran on the host"
    finally:
        directory.set_shell("lea", "/bin/bash")
        server.sh(f"rm -f {MARKER} /home/lea/.bashrc")
    assert_in_container(lea)


def test_no_systemd_of_theirs_on_the_host(server, lea):
    assert server.try_sh("/usr/libexec/labgpu/labgpu-owner 70001").status == 1
    assert server.try_sh("/usr/libexec/labgpu/labgpu-owner 70002").status == 0
    lea.ssh("sleep 1").ok()
    assert server.try_sh("systemctl is-active user@70001.service").text != "active"


# --- the directory is away


def test_a_directory_that_is_down_is_not_noticed(server, lea, laptop, root, carol):
    """sssd answers from its cache."""
    lea.ssh("true").ok()
    server.sh("systemctl stop slapd")
    try:
        assert_in_container(lea)
        assert Client(laptop, "lea", PASSWORD).ssh("hostname").ok().text == "lea-VM"
        assert_on_host(server, carol)
        root.ssh("true").ok()
    finally:
        server.sh("systemctl start slapd; sss_cache -E; systemctl restart sssd")
    assert_in_container(lea)


def test_without_sssd_a_member_is_in_the_container_or_nowhere(server, lea, root, carol, carol_by_password):
    """With nothing remembered, and with what sssd's memory cache still says of the account alone."""
    lea.ssh("true").ok()
    server.write("/home/lea/.bashrc", f"[ -e /.labgpu ] || touch {MARKER}\n".encode(), owner="lea")
    for remembered in ("true", "getent passwd lea", "id lea"):
        server.sh(f"sss_cache -E; {remembered}; systemctl stop sssd")
        try:
            result = lea.ssh("hostname")
            assert result.text in ("", "lea-VM"), result
            if remembered == "getent passwd lea" and server.try_sh("getent passwd lea").status == 0:
                assert_refused(result, "cannot tell now whether your account has a container")
            assert server.try_sh(f"ls {MARKER}").status != 0
            for client in (root, carol, carol_by_password):
                other = client.ssh("hostname").ok()
                assert other.text == server.sh("hostname").text and other.seconds < 2, other
        finally:
            server.sh("systemctl reset-failed sssd; systemctl start sssd")
    server.sh("rm /home/lea/.bashrc")
    wait_until(lambda: lea.ssh("true").status == 0, 30, "lea's login")
