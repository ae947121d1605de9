# Docker's userns-remap: the ids of containers' users have names on the host, and nobody logs in by one.
import contextlib
import json

import pytest

from client import Client
from processes import wait_until

pytestmark = pytest.mark.long

DAEMON_JSON = "/etc/docker/daemon.json"


def passwd_entry(server, key):
    """The fields of `getent passwd KEY`; None when there is nobody."""
    result = server.try_sh(f"getent passwd {key}")
    return result.text.split(":") if result.status == 0 else None


@contextlib.contextmanager
def remapped(server):
    """Docker with userns-remap; yields the id that root of its containers has on the host."""
    before = server.try_sh(f"cat {DAEMON_JSON}")
    settings = json.loads(before.text) if before.status == 0 else {}
    server.write(DAEMON_JSON, json.dumps({**settings, "userns-remap": "default"}).encode())
    try:
        server.sh("systemctl restart docker.service", timeout=120)
        server.wait_for_docker()
        root_directory = server.sh("docker info -f '{{.DockerRootDir}}'").text
        yield int(root_directory.rsplit("/", 1)[1].split(".")[0])
    finally:
        if before.status == 0:
            server.write(DAEMON_JSON, before.out)
        else:
            server.sh(f"rm {DAEMON_JSON}")
        server.sh("systemctl restart docker.service", timeout=120)
        server.wait_for_docker()
        server.sh("userdel dockremap")  # Docker made it


@pytest.fixture(scope="module")
def base(server, alice):
    with remapped(server) as first:
        uid = first + int(server.sh("id -u alice").text)
        wait_until(lambda: passwd_entry(server, uid), 30, "the name of alice's id in containers")
        yield first
    wait_until(lambda: passwd_entry(server, uid) is None, 30, "the end of that name")
    assert alice.ssh("hostname", timeout=60).ok().text == "alice-VM"


def test_ids_have_names_that_nobody_can_use(server, alice, base):
    uid = base + int(server.sh("id -u alice").text)
    assert passwd_entry(server, uid)[:3] == ["alice+container", "*", str(uid)]
    assert passwd_entry(server, base)[0] == "root+container", "all containers have this id: no person's name"
    for entry in (passwd_entry(server, uid), passwd_entry(server, base)):
        assert entry[-1] == "/usr/sbin/nologin"
        assert passwd_entry(server, f"'{entry[0]}'") is None


def test_ls_and_ps_show_them(server, base):
    uid = base + int(server.sh("id -u alice").text)
    script = f"""file=$(mktemp); chown {uid} $file; stat -c %U $file; rm $file
        setpriv --reuid {uid} --clear-groups sleep 5432.5 & sleep 0.5; ps -o user:40= -p $!; kill $!"""
    assert server.sh(script).text.split() == ["alice+container"] * 2


@pytest.mark.parametrize("name", ["alice+container", "root+container"])
@pytest.mark.parametrize("password", [None, "", "*"])
def test_sshd_and_su_refuse_the_names(server, laptop, alice, base, name, password):
    client = Client(laptop, name, password)
    assert "Permission denied" in client.ssh("true").failed().error
    assert server.try_sh(f"su '{name}' -c true").status != 0
