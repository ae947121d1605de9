# What is wrong is refused with one line that says what to do; nothing is left half-written.
import contextlib

import pytest

from client import Client
from processes import wait_until
from server import SOCKETS, UNITS

PRIVATE_KEY = (
    b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU=\n-----END OPENSSH PRIVATE KEY-----\n"
)
TRUNCATED_KEY = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIP broken\n"

# What is wrong -> (arguments, standard input, what the line has to mention)
BAD = {
    "name-path": (["user", "add", "../x"], b"", "../x"),
    "name-200-bytes": (["user", "add", "a" * 200], b"", "32"),
    "name-leading-dash": (["user", "add", "--", "-x"], b"", "-x"),
    "name-upper-case": (["user", "add", "Alice"], b"", "Alice"),
    "name-empty": (["user", "add", ""], b"", "name"),
    "name-chinese": (["user", "add", "小明"], b"", "小明"),
    "name-newline": (["user", "add", "a\nb"], b"", "name"),
    "name-of-root": (["user", "add", "root"], b"", "root"),
    "name-of-a-host-account": (["user", "add", "carol"], b"", "carol"),
    "name-of-a-host-group": (["user", "add", "docker"], b"", "docker"),
    "name-of-labgpus-group": (["user", "add", "labgpu"], b"", "labgpu"),
    "name-taken": (["user", "add", "alice"], b"", "alice"),
    "key-nonsense": (["user", "add", "dora", "--key", "-"], b"this is no key\n", "key"),
    "key-empty": (["user", "add", "dora", "--key", "-"], b"", "key"),
    "key-private": (["user", "add", "dora", "--key", "-"], PRIVATE_KEY, "private"),
    "key-truncated": (["user", "add", "dora", "--key", "-"], TRUNCATED_KEY, "key"),
    "key-file-missing": (["user", "add", "dora", "--key", "/no/such/file"], b"", "/no/such/file"),
    "key-added-nonsense": (["key", "add", "alice", "-"], b"this is no key\n", "key"),
    "key-added-private": (["key", "add", "alice", "-"], PRIVATE_KEY, "private"),
    "key-removed-unknown": (["key", "remove", "alice", "SHA256:AAAA"], b"", "SHA256:AAAA"),
    "password-empty": (["user", "add", "dora", "--password-stdin"], b"\n", "password"),
    "image-nonsense": (["user", "add", "dora", "--image", "NO such:image:x"], b"", "NO such:image:x"),
    "setting-unknown": (["user", "set", "alice", "colour=blue"], b"", "colour"),
    "setting-nonsense": (["user", "set", "alice", "shm_size=lots"], b"", "lots"),
    "setting-relative-mount": (["user", "set", "alice", "mounts=relative/path"], b"", "relative/path"),
    "setting-without-value": (["user", "set", "alice", "image"], b"", "image"),
    "user-unknown-show": (["user", "show", "nobody9"], b"", "nobody9"),
    "user-unknown-set": (["user", "set", "nobody9", "locked=yes"], b"", "nobody9"),
    "user-unknown-remove": (["user", "remove", "--yes", "nobody9"], b"", "nobody9"),
    "user-unknown-key": (["key", "list", "nobody9"], b"", "nobody9"),
    "user-unknown-start": (["start", "nobody9"], b"", "nobody9"),
    "user-unknown-status": (["status", "nobody9"], b"", "nobody9"),
    "user-is-a-host-account": (["start", "carol"], b"", "carol"),
}


def assert_one_line(result, mention=""):
    """Exit status not 0, nothing on standard output, one line on standard error."""
    result.failed()
    assert result.status > 0 and result.status < 126, result
    assert result.out == b"", result
    lines = result.err.decode().splitlines()
    assert len(lines) == 1 and lines[0].strip(), result
    assert mention in lines[0], f"does not mention {mention!r}: {result}"
    return lines[0]


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_and_changes_nothing(server, alice, case):
    arguments, stdin, mention = BAD[case]
    before = server.state()
    assert_one_line(server.labgpu(*arguments, stdin=stdin), mention)
    assert server.state() == before
    assert server.try_sh("id dora").status == 1


def test_error_messages_name_the_program(server, alice):
    assert assert_one_line(server.labgpu("user", "show", "nobody9")).startswith("labgpu: ")


def test_unknown_user_cannot_log_in(laptop, server):
    assert "Permission denied" in Client(laptop, "nobody9").ssh("hostname").failed().error


@pytest.mark.parametrize("words", [[], ["nonsense"], ["user"], ["user", "add"], ["user", "add", "x", "--nonsense"]])
def test_wrong_usage_fails_with_help(server, words):
    result = server.labgpu(*words).failed()
    assert "--help" in result.error or "Usage" in result.error, result


def test_missing_image_is_named_to_the_user_and_to_the_administrator(server, new_user):
    user = new_user("--image", "no-such-image:1")
    assert_one_line(server.labgpu("start", user.user, timeout=120), "no-such-image:1")
    result = user.ssh("hostname", timeout=120).failed()
    assert result.out == b""
    assert "no-such-image:1" in result.error and len(result.error.splitlines()) == 1, result
    assert server.containers_of(user.user) == []
    server.labgpu("user", "set", user.user, "image=").ok()
    assert user.ssh("hostname").ok().text == f"{user.user}-VM"


@contextlib.contextmanager
def docker_down(server):
    server.sh("systemctl stop docker.socket docker.service", timeout=120)
    try:
        yield
    finally:
        server.sh("systemctl start docker.socket docker.service", timeout=120)
        server.wait_for_docker()


def test_docker_down(server, alice, root, new_user):
    alice.ssh("true").ok()
    user = new_user()
    before = server.state()
    with docker_down(server):
        assert_one_line(server.labgpu("start", user.user, timeout=120), "Docker")
        result = user.ssh("hostname", timeout=60).failed()
        assert result.out == b""
        assert "Docker" in result.error and len(result.error.splitlines()) == 1, result
        assert root.ssh("true").ok().seconds < 2
        assert server.state() == before
    wait_until(lambda: user.ssh("hostname").text == f"{user.user}-VM", 40, "the login after Docker came back", 1)
    assert alice.ssh("hostname").ok().text == "alice-VM"


@contextlib.contextmanager
def disk_full(server):
    """labgpu's state on a small file system that a filler fills."""
    server.sh(
        f"""set -e
        systemctl stop {UNITS}
        mkdir -p /mnt/e2e-small
        mount -t tmpfs -o size=4m,mode=755 tmpfs /mnt/e2e-small
        cd /var/lib/labgpu && tar -c --exclude='./containers/*/*/*' . | tar -x -C /mnt/e2e-small
        mount --move /mnt/e2e-small /var/lib/labgpu 2>/dev/null || mount --bind /mnt/e2e-small /var/lib/labgpu
        systemctl start {SOCKETS} labgpud.service
        dd if=/dev/zero of=/var/lib/labgpu/e2e-filler bs=4k 2>/dev/null || true"""
    )
    try:
        yield
    finally:
        server.sh(
            f"""systemctl stop {UNITS}
            umount -l /var/lib/labgpu; umount -l /mnt/e2e-small 2>/dev/null
            systemctl start {SOCKETS} labgpud.service"""
        )


def test_disk_full_while_a_record_is_written(server, laptop, alice):
    with disk_full(server):
        assert server.try_sh("echo x >/var/lib/labgpu/e2e-probe").status != 0, "the disk is not full"
        server.sh("rm -f /var/lib/labgpu/e2e-probe")
        before = server.state()
        server.write("/var/tmp/dora.pub", Client(laptop, "dora").public_key.encode())
        assert_one_line(server.labgpu("user", "add", "dora", "--key", "/var/tmp/dora.pub"), "space")
        assert_one_line(server.labgpu("user", "set", "alice", "login=root"), "space")
        assert server.state() == before
        assert server.try_sh("id dora").status == 1
        assert server.labgpu_json("user", "show", "alice")["user"]["overrides"].get("login") is None
        server.sh("rm /var/lib/labgpu/e2e-filler")
        server.labgpu("user", "add", "dora", "--key", "/var/tmp/dora.pub").ok()
        server.sh("id dora")
    server.labgpu("user", "show", "dora").failed()
    server.sh("rm -rf /home/dora")
    alice.ssh("true").ok()


def test_damaged_record_does_not_hide_the_others(server, alice, bob):
    server.sh("echo '{ not json' >/var/lib/labgpu/users/broken.json; systemctl restart labgpud.service")
    try:
        assert alice.ssh("hostname").ok().text == "alice-VM"
        assert "bob" in server.labgpu("user", "list").ok().text
    finally:
        server.sh("rm /var/lib/labgpu/users/broken.json; systemctl restart labgpud.service")


@pytest.mark.parametrize("damage", ["truncate -s 100", "truncate -s 0", "rm -f", "dd if=/dev/urandom count=8 of="])
def test_damaged_index_locks_no_host_account_out(server, alice, root, carol, damage):
    index = "/var/lib/labgpu/nss/passwd.cdb"
    server.sh(f"cp -a {index} /var/tmp/e2e-index; {damage}{index if damage.endswith('=') else ' ' + index}")
    try:
        assert root.ssh("id -un").ok().text == "root"
        assert carol.ssh("id -un").ok().text == "carol"
        assert "alice" not in server.try_sh("getent passwd alice").text
        alice.ssh("hostname").failed()
    finally:
        server.sh(f"cp -a /var/tmp/e2e-index {index}.new && mv {index}.new {index}")
    assert alice.ssh("hostname").ok().text == "alice-VM"
