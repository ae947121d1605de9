# Names that change while root's processes on the host work with them: homes, mounts and trees that are deleted.
import contextlib
import shlex

import pytest

from processes import wait_until
from settings import set_user

pytestmark = pytest.mark.thorough


@pytest.fixture
def precious(server):
    """A directory of the host's with a file; neither may change."""
    server.sh("install -d -m 755 /srv/e2e-precious && echo precious >/srv/e2e-precious/file")
    look = "stat -c '%n %u %g %a' /srv/e2e-precious /srv/e2e-precious/file; cat /srv/e2e-precious/file"
    before = server.sh(look).text
    yield "/srv/e2e-precious"
    assert server.sh(look).text == before
    server.sh("rm -r /srv/e2e-precious")


@contextlib.contextmanager
def swapping(client, where, target):
    """Root in a container makes a directory there a link to `target`, and back, for as long as this lasts."""
    swap = f"""cd {where} && mkdir -p swapped/deep/deeper && touch swapped/deep/file && echo swapping && while :; do
        mv swapped aside && ln -s {target} swapped && rm swapped && mv aside swapped; done 2>/dev/null"""
    with client.background(f"sudo -n timeout 100 sh -c {shlex.quote(swap)}") as loop:
        loop.expect(b"swapping")
        yield


def test_a_home_that_is_purged_while_it_changes(server, new_user, precious):
    """The container goes first; a shared mount of another container shows it to somebody who goes on."""
    user, friend = new_user(), new_user()
    user.ssh("mkdir -m 755 shared").ok()
    server.sh(f"mkdir -p /srv/e2e-shared && chown root /srv/e2e-shared && mkdir -p /srv/e2e-shared/{user.user}")
    set_user(user, server, "mounts=/srv/e2e-shared/{user}:/shared")
    set_user(friend, server, f"mounts=/srv/e2e-shared/{user.user}:/shared")
    server.sh(f"docker rm -f {user.user}_container")
    user.ssh("true").ok()
    try:
        with swapping(friend, "/shared", precious):
            server.sh(f"cd /srv/e2e-shared/{user.user} && seq 2000 | xargs touch")
            result = server.labgpu("user", "remove", "--purge", "--yes", "--force", user.user, timeout=120)
            assert result.status == 0 or "not purged whole" in result.error, result
    finally:
        server.sh(f"docker rm -f {friend.user}_container; rm -rf /srv/e2e-shared")


def test_the_source_of_a_mount_becomes_a_link(server, new_user, precious):
    """Somebody who may write above the source puts a link there before the container is started."""
    user = new_user()
    server.sh("install -d -m 777 /srv/e2e-open; install -d /srv/e2e-open/data")
    try:
        refused = server.labgpu("user", "set", user.user, "mounts=/srv/e2e-open/data:/data", "image=")
        started = user.ssh("ls /data")
        assert refused.status != 0 or "may be changed by others than root" in started.error, started
        server.sh(f"chmod 755 /srv/e2e-open; labgpu user set {user.user} mounts=/srv/e2e-open/data:/data")
        server.sh(f"docker rm -f {user.user}_container; rm -r /srv/e2e-open/data; ln -s {precious} /srv/e2e-open/data")
        assert "is a symbolic link" in user.ssh("ls /data").failed().error
        server.sh("rm /srv/e2e-open/data; mkdir /srv/e2e-open/data")
        user.ssh("ls /data").ok()
    finally:
        server.sh("rm -r /srv/e2e-open")


PLANTED_HOMES = {
    "a link": "ln -s /srv/e2e-precious /home/eve",
    "a link to nowhere": "ln -s /srv/e2e-precious/new /home/eve",
    "a file": "touch /home/eve",
    "somebody else's directory": "install -d -o carol /home/eve",
    "a pipe": "mkfifo /home/eve",
}


@pytest.mark.parametrize("what", PLANTED_HOMES)
def test_a_home_that_is_there_already(server, carol, precious, what):
    """Whoever can write to /home is root; what an earlier account left there is not followed, and not given away."""
    server.sh(f"rm -rf /home/eve; {PLANTED_HOMES[what]}")
    server.labgpu("user", "add", "eve").failed()  # from now on an id is kept for the name
    before = server.sh("stat -c '%u %g %a %F' /home/eve").text, server.state()
    try:
        refused = server.labgpu("user", "add", "eve").failed()
        assert "/home/eve is there already" in refused.error, refused
        assert (server.sh("stat -c '%u %g %a %F' /home/eve").text, server.state()) == before
    finally:
        server.labgpu("user", "remove", "--yes", "eve")
        server.sh("rm -rf /home/eve")


def test_the_keys_are_swapped_while_they_are_read(server, mallory, secret):
    """sshd and the session command open ~/.ssh/authorized_keys, now a file and now a link to a secret."""
    swap = """mkdir -pm 700 ~/.ssh && cd ~/.ssh && touch empty && echo swapping && while :; do
        ln -sf /etc/e2e-secret new && mv -fT new authorized_keys
        ln -f empty new && mv -fT new authorized_keys; done 2>/dev/null"""
    with mallory.background(f"timeout 100 sh -c {shlex.quote(swap)}") as loop:
        loop.expect(b"swapping")
        for _ in range(10):
            result = mallory.ssh("hostname")
            assert secret not in result.text + result.error
            assert result.text == "mallory-VM" if result.status == 0 else "authorized_keys" in result.error, result
    mallory.root("pkill -f '[s]wapping'; sleep 0.2; rm -r /home/mallory/.ssh").ok()


def test_the_container_is_made_anew_during_a_login(server, mallory, carol):
    """The namespaces and /tmp that PAM was given are gone when sshd's child enters them: nowhere, not the host."""
    with mallory.background("while :; do echo in; sleep 0.2; done") as first:
        first.expect(b"in")
        for _ in range(5):
            server.sh("docker kill mallory_container >/dev/null 2>&1 & true")
            result = mallory.ssh("hostname", timeout=60)
            assert result.text in ("mallory-VM", ""), result
    wait_until(lambda: mallory.ssh("hostname").status == 0, 30, "her container", 0.5)
