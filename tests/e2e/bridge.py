# Accounts of the host that get containers because of a group, for the tests.
import contextlib
import json

from client import Client

CONFIG = "/etc/labgpu/labgpu.json"
DROP_IN = "/etc/ssh/sshd_config.d/00-labgpu.conf"
PASSWORD = "gwen's pass word"


@contextlib.contextmanager
def bridged_groups(server, *groups):
    """labgpu set up for members of these groups, as an administrator does it."""
    before = server.read(CONFIG)
    server.write(CONFIG, json.dumps({"bridge": {"groups": list(groups)}}).encode())
    server.sh("systemctl restart labgpud.service")
    server.labgpu("setup").ok()
    try:
        yield
    finally:
        server.write(CONFIG, before)
        server.sh("systemctl restart labgpud.service")
        server.labgpu("setup").ok()


def add_host_user(server, laptop, name, *options, group="gpuusers"):
    """`useradd` with a fresh key in the new home; OPTIONS are more of that command. Returns the Client."""
    client = Client(laptop, name)
    server.sh(f"useradd -m -s /bin/bash -G {group} {' '.join(options)} {name}")
    server.sh(f"install -d -m 700 -o {name} -g $(id -g {name}) ~{name}/.ssh")
    server.write(f"/home/{name}/.ssh/authorized_keys", client.public_key.encode(), mode="600", owner=name)
    return client


def remove_host_user(server, name):
    """The account, its home, its container and labgpu's record."""
    server.labgpu("user", "remove", "--yes", name)
    # It may have logged in to the host itself, where a systemd of its own goes on for a while.
    server.sh(f"docker rm -f {name}_container; loginctl terminate-user {name}; userdel -f -r {name}; true")


def assert_on_host(server, client):
    assert client.ssh("hostname").ok().text == server.sh("hostname").text


def assert_in_container(client):
    assert client.ssh("hostname; id -un").ok().text.split() == [f"{client.user}-VM", client.user]


def assert_refused(result, *sentences):
    """Nothing ran, and the client shows why."""
    assert result.failed().out == b"", result
    for sentence in sentences:
        assert sentence in result.error, result
