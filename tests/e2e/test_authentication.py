# The ways to prove who one is, all of them sshd's own.
import pytest

from client import Client
from processes import run

PASSWORD = "pässword with spaces $1\\"


@pytest.fixture(scope="module")
def eve(server):
    """An account with a password and no key."""
    server.labgpu("user", "add", "eve", "--password-stdin", stdin=f"{PASSWORD}\n".encode()).ok()
    yield "eve"
    server.labgpu("user", "remove", "--yes", "eve").ok()
    server.sh("docker rm -f eve_container")


@pytest.mark.parametrize("method", ["password", "keyboard-interactive"])
def test_login_with_a_password(laptop, eve, method):
    result = Client(laptop, eve, PASSWORD, method).ssh("hostname; id -un", "-o", f"PreferredAuthentications={method}")
    assert result.ok().text.split() == ["eve-VM", "eve"]


@pytest.mark.parametrize("method", ["password", "keyboard-interactive"])
def test_wrong_password_is_refused(laptop, eve, method):
    assert "Permission denied" in Client(laptop, eve, "wrong", method).ssh("hostname").failed().error


def test_password_can_be_changed_and_taken_away(server, laptop, eve):
    server.labgpu("user", "set", eve, "--password-stdin", stdin=b"another\n").ok()
    assert "Permission denied" in Client(laptop, eve, PASSWORD).ssh("true").failed().error
    Client(laptop, eve, "another").ssh("true").ok()
    server.labgpu("user", "set", eve, "--password-stdin", stdin=f"{PASSWORD}\n".encode()).ok()
    Client(laptop, eve, PASSWORD).ssh("true").ok()


def test_password_hash_is_not_for_everybody(server, eve):
    assert "eve" in server.sh("getent passwd eve").text
    assert "$" not in server.sh("getent passwd eve").text
    hidden = server.sh(
        "su carol -s /bin/sh -c 'getent shadow eve; cat /var/lib/labgpu/nss/shadow.cdb /var/lib/labgpu/users/eve.json'; true"
    )
    assert hidden.out == b"", hidden
    assert "Permission denied" in hidden.error


def test_account_without_a_password_has_no_password_login(laptop, alice):
    for password in ("", "x", "*", "!"):
        Client(laptop, "alice", password).ssh("true").failed()


def test_key_of_another_is_refused(laptop, alice, bob):
    stranger = Client(laptop, "alice")
    stranger.options = [word.replace(str(alice.key), str(bob.key)) for word in stranger.options]
    assert "Permission denied" in stranger.ssh("true").failed().error


def test_added_and_removed_keys_count_at_once(server, laptop, new_user):
    user = new_user()
    second = laptop.directory / "second.key"
    second.unlink(missing_ok=True)
    run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-C", "second key", "-f", second]).ok()
    with_second = Client(laptop, user.user)
    with_second.options = [word.replace(str(user.key), str(second)) for word in user.options]
    with_second.ssh("true").failed()
    server.write("/var/tmp/second.pub", second.with_suffix(".key.pub").read_bytes())
    server.labgpu("key", "add", user.user, "/var/tmp/second.pub").ok()
    with_second.ssh("true").ok()
    keys = server.labgpu_json("key", "list", user.user)["keys"]
    fingerprint = next(key["fingerprint"] for key in keys if key["comment"] == "second key")
    server.labgpu("key", "remove", user.user, fingerprint).ok()
    assert "Permission denied" in with_second.ssh("true").failed().error
    user.ssh("true").ok()


def test_user_may_keep_keys_at_home(server, laptop, alice):
    own = laptop.directory / "own.key"
    own.unlink(missing_ok=True)
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", own]).ok()
    public = own.with_suffix(".key.pub").read_bytes()
    alice.ssh("umask 077; mkdir -p ~/.ssh; cat >>~/.ssh/authorized_keys", stdin=public).ok()
    with_own = Client(laptop, "alice")
    with_own.options = [word.replace(str(alice.key), str(own)) for word in alice.options]
    assert with_own.ssh("hostname").ok().text == "alice-VM"


def test_locked_account_is_refused_with_a_sentence(server, new_user):
    user = new_user()
    server.labgpu("user", "set", user.user, "locked=yes").ok()
    result = user.ssh("hostname").failed()
    assert result.out == b""
    assert "locked" in result.error, result
    server.labgpu("user", "set", user.user, "locked=no").ok()
    assert user.ssh("hostname").ok().text == f"{user.user}-VM"


def test_locked_account_cannot_use_its_password(server, laptop, eve):
    """As after `passwd -l`: the password itself is no longer good, so sshd does not say why."""
    client = Client(laptop, eve, PASSWORD)
    server.labgpu("user", "set", eve, "locked=yes").ok()
    try:
        assert client.ssh("hostname").failed().out == b""
    finally:
        server.labgpu("user", "set", eve, "locked=no").ok()
    assert client.ssh("hostname").ok().text == "eve-VM"


def test_removed_account_is_refused_and_its_ids_are_never_used_again(server, laptop, new_user):
    first, second = new_user(), new_user()
    taken = {server.sh(f"id -u {user.user}").text for user in (first, second)}
    first.ssh("echo mine >~/mine").ok()
    server.labgpu("user", "remove", "--yes", first.user).ok()
    assert "Permission denied" in first.ssh("true").failed().error
    assert server.try_sh(f"id {first.user}").status == 1
    assert server.read(f"/home/{first.user}/mine") == b"mine\n"
    third = new_user()
    assert server.sh(f"id -u {third.user}").text not in taken


def test_su_and_cron_do_not_bring_an_account_onto_the_host(server, alice):
    """Whoever is root on the host may try; the shell is the session command, and that does not attach."""
    result = server.try_sh("su - alice -c 'echo on-the-host; hostname'").failed()
    assert b"on-the-host" not in result.out
    assert result.error, "no word about why"
