# The ways into a container that are compared, all set up on one server.
#
#   host          an ordinary account of the server: what everything is compared with
#   host again    a second such account; what differs between the two is noise
#   docker exec   an account whose login shell is a script around `docker exec`
#   own sshd      an sshd in the container, behind a port of the server that is mapped to it
#   labgpu        an account of labgpu's
#
# The first three and labgpu use the server's own sshd. All have a home of their own that lies on the server, in one file
# system, and is mounted into the container where there is one. All containers come from one image.
import dataclasses
import random

from client import Client
from host import give_half, take_other_half
from people import add_user
from rows import AGAIN, EXEC, HOST, LABGPU, SSHD
from server import SSHD_SETTINGS
from sizes import FULL, SHORT

from measuring import Bench, ProcessorClock

NAME = "ways"
COMPARED = {HOST, AGAIN, EXEC, SSHD, LABGPU}
IMAGE = "labgpu-bench"
# Of those that are judged. Accounts that are alike differ by more than what a login to labgpu takes longer (docs/PERFORMANCE.md,
# "A login"), so logins take turns among several.
ACCOUNTS = 6
SSHD_PORT = 2200

# As good as such a script can be made: the user's own uid, home and terminal, commands as well as shells.
EXEC_SHELL = """#!/bin/sh
# The container is named as the account.
[ ! -t 0 ] || tty=-t
user=$(id -un)
if [ "$1" = -c ]; then
  exec docker exec -i $tty -e TERM -u "$user" -w "$HOME" "$user" bash -c "$2"
fi
exec docker exec -i $tty -e TERM -u "$user" -w "$HOME" "$user" bash -l
"""


@dataclasses.dataclass
class Way:
    """`home` is the directory on the server; `container` is None where commands run on the server itself.

    `more` are accounts of the same kind.
    """

    name: str
    client: Client
    container: str | None = None
    more: list[Client] = dataclasses.field(default_factory=list)

    @property
    def clients(self):
        return [self.client, *self.more]

    @property
    def home(self):
        return f"/home/{self.client.user}"


def describe(laptop):
    """The ways, as set_up() makes them."""
    own = Client(laptop, "own")
    own.options = [*own.options, "-o", f"Port={SSHD_PORT}", "-o", "HostKeyAlias=own-sshd"]

    def more(name):
        return [Client(laptop, f"{name}{number}") for number in range(2, ACCOUNTS + 1)]

    return [
        Way(HOST, Client(laptop, "plain"), more=more("plain")),
        Way(AGAIN, Client(laptop, "again"), more=more("again")),
        Way(EXEC, Client(laptop, "exec"), "exec"),
        Way(SSHD, own, "own"),
        Way(LABGPU, Client(laptop, "boxed"), "boxed_container", more("boxed")),
    ]


def begin(server, laptop, short):
    take_other_half()
    size = SHORT if short else FULL
    return (Bench(server, laptop, describe(laptop), size, random.Random(), ProcessorClock(server)),)


def set_up(server, laptop):
    """A server with labgpu, and the accounts. Homes are in memory: a disk would be most of what is measured."""
    give_half(server)
    server.sh("mount -t tmpfs -o size=8g,mode=755 bench-homes /home")
    server.prepare()
    laptop.meet(server)
    server.install().ok()
    tarball = server.testhost("user-image", server.release, "sshd", timeout=900).ok().text
    server.testhost("copy", tarball, f"{server.name}:/var/tmp/bench.tar", timeout=120).ok()
    server.sh(f"docker import /var/tmp/bench.tar {IMAGE} && rm /var/tmp/bench.tar", timeout=240)
    server.labgpu("image", "default", IMAGE).ok()
    server.labgpu("setup").ok()
    _add_exec_account(server, laptop)
    _add_own_sshd(server, laptop)
    for way in describe(laptop):
        for client in way.clients:
            if way.name in (HOST, AGAIN):
                add_host_account(server, laptop, client.user)
            if way.name == LABGPU:
                add_user(server, laptop, client.user)
            client.ssh("true").ok()  # makes labgpu's container, too


def add_host_account(server, laptop, name, *options):
    server.sh(f"useradd -m -s /bin/bash {' '.join(options)} {name}")
    key = Client(laptop, name).public_key.encode()
    server.write(f"/home/{name}/.ssh/authorized_keys", key, mode="600", owner=name)


def _start_container(server, name, options, command):
    """A container with the account's home, and the account with its uid."""
    server.sh(f"docker run -d --name {name} --hostname {name} -v /home/{name}:/home/{name} {options} {IMAGE} {command}")
    server.sh(f"docker exec {name} useradd -M -u $(id -u {name}) -s /bin/bash {name}")


def _add_exec_account(server, laptop):
    server.write("/usr/local/bin/exec-shell", EXEC_SHELL.encode(), mode="755")
    add_host_account(server, laptop, "exec", "-G docker")
    _start_container(server, "exec", "", "sleep infinity")
    # The sshd of the server reads the key as the account; the shell is of no interest before.
    server.sh("usermod -s /usr/local/bin/exec-shell exec")


def _add_own_sshd(server, laptop):
    add_host_account(server, laptop, "own")
    settings = f"printf %b {SSHD_SETTINGS[server.release]!r} >/etc/ssh/sshd_config.d/00-bench.conf"
    start = "mkdir -p /run/sshd; ssh-keygen -A; exec /usr/sbin/sshd -D"
    server.write("/var/tmp/own-sshd", f"{settings}; {start}\n".encode())
    options = f"-p {SSHD_PORT}:22 -v /var/tmp/own-sshd:/own-sshd:ro"
    _start_container(server, "own", options, "bash /own-sshd")
    keys = server.sh("docker exec own sh -c 'cat /etc/ssh/ssh_host_*_key.pub'").text.splitlines()
    with open(laptop.directory / "known_hosts", "a") as known:
        known.writelines(f"own-sshd {key}\n" for key in keys)
