# Many accounts with one key: labgpu's, which are imported, and the host's, which are what they are compared with.
import copy
import json
import random

from client import Client
from host import install_labgpu
from measuring import Bench, ProcessorClock
from rows import AGAIN, HOST, LABGPU

from amounts import FULL, SHORT

NAME = "crowd"
COMPARED = {HOST, AGAIN, LABGPU}
NAMES = {HOST: "plain", AGAIN: "again", LABGPU: "crowd"}
WAYS = list(NAMES)
STARTS_AT_ONCE = 2


set_up = install_labgpu


def begin(server, laptop, short):
    bench = Bench(server, laptop, [], SHORT if short else FULL, random.Random(), ProcessorClock(server))
    return bench, Crowd(server, laptop)


class Crowd:
    def __init__(self, server, laptop):
        self.server = server
        self.owner = Client(laptop, "crowd")

    def client(self, number, way=LABGPU):
        """Who logs in as account `number` of that way; the first is 1."""
        client = copy.copy(self.owner)
        client.user = _name(number, way)
        client.options = ["-o", f"User={client.user}", *self.owner.options]
        return client

    def have_host_accounts(self, count):
        """That many for each of the two."""
        for name in (_name(number, way) for way in (HOST, AGAIN) for number in range(1, count + 1)):
            if self.server.try_sh(f"id {name}").status != 0:
                self.server.sh(f"useradd -m -s /bin/bash {name}")
                keys = f"/home/{name}/.ssh/authorized_keys"
                self.server.write(keys, self.owner.public_key.encode(), mode="600", owner=name)

    def have_accounts(self, count):
        found = len(self.server.labgpu_json("user", "list")["users"])
        wanted = [{"name": _name(number), "authorizedKeys": [self._key]} for number in range(found + 1, count + 1)]
        if wanted:
            self.server.labgpu("user", "import", "-", stdin=json.dumps(wanted).encode(), timeout=1800).ok()

    def have_containers(self, count):
        """The first `count` accounts' containers run."""
        script = f"seq -f {_FORMAT} {count} | xargs -P {STARTS_AT_ONCE} -n 1 labgpu start >/dev/null"
        if self.running() < count:
            self.server.sh(script, timeout=3 * count + 60)

    def running(self):
        return int(self.server.sh("docker ps -q --filter label=org.labgpu.user | wc -l").text)

    @property
    def _key(self):
        return self.owner.public_key.strip()


def _name(number, way=LABGPU):
    return f"{NAMES[way]}{number:05}"


# The same for seq(1).
_FORMAT = f"{NAMES[LABGPU]}%05g"
