# A class of 200: imported, logged in, exported, removed, brought back with the same ids; and how long each takes.
import contextlib
import re
import time

import pytest

from client import Client
from terminal import Terminal

pytestmark = pytest.mark.long

NAMES = [f"class{number:03}" for number in range(1, 201)]
ALL = " ".join(NAMES)
LONG = 300


class Clock:
    def __init__(self):
        self.steps = []

    @contextlib.contextmanager
    def step(self, name):
        begun = time.monotonic()
        yield
        self.steps.append(f"{name} {time.monotonic() - begun:.1f} s")


@pytest.fixture
def class_files(server):
    yield
    server.sh(
        f"for name in {ALL}; do labgpu user remove --purge --yes --force $name >/dev/null 2>&1; done; rm -f /var/tmp/class.*",
        timeout=LONG,
    )
    assert server.sh("ls -d /home/class* 2>/dev/null; true").out == b"", "a purge leaves nothing"


def ids_of_all(server):
    """uid by name, as NSS has them."""
    lines = [line.split(":") for line in server.sh(f"getent passwd {ALL}").text.splitlines()]
    return {fields[0]: int(fields[2]) for fields in lines}


def test_a_class_of_200(server, laptop, root, class_files, capsys):
    clock = Clock()
    first, last = (Client(laptop, name) for name in (NAMES[0], NAMES[-1]))
    keys = {client.user: client.public_key.strip() for client in (first, last)}
    rows = [f'{name},Student {name[5:]},"{keys.get(name, keys[first.user])}"\n' for name in NAMES]
    server.write("/var/tmp/class.csv", ("name,realName,authorizedKeys\n" + "".join(rows)).encode())

    with clock.step("import"), Terminal(root, "labgpu user import /var/tmp/class.csv") as terminal:
        terminal.ssh.timeout = LONG
        imported = terminal.rest()
    assert imported["status"] == 0, imported
    assert re.search(r"importing \d+/200", imported["out"]), imported
    assert "200 users added" in imported["out"]

    with clock.step("getent passwd of all"):
        ids = ids_of_all(server)
    assert list(ids) == NAMES and len(set(ids.values())) == 200

    with clock.step("two first logins"):
        for client in (first, last):
            result = client.ssh("hostname; id -u; echo kept | sudo -n tee /opt/kept", timeout=60).ok()
            assert result.text.split() == [f"{client.user}-VM", str(ids[client.user]), "kept"]
    assert "Permission denied" in Client(laptop, NAMES[1]).ssh("true").failed().error, "another one's key"

    with clock.step("export"):
        server.labgpu("user", "export", "--secrets", "--output", "/var/tmp/class.json", *NAMES).ok()

    with clock.step("remove"):
        server.sh(f"for name in {ALL}; do labgpu user remove --yes $name >/dev/null || exit; done", timeout=LONG)
    assert server.try_sh(f"getent passwd {ALL}").out == b""
    assert "Permission denied" in first.ssh("true").failed().error

    with clock.step("import of the export"):
        again = server.labgpu("user", "import", "/var/tmp/class.json", timeout=LONG).ok()
    assert again.err == b"", "no progress where nobody looks"
    assert ids_of_all(server) == ids
    for client in (first, last):
        assert client.ssh("cat /opt/kept; id -un", timeout=60).ok().text.split() == ["kept", client.user]

    with capsys.disabled():
        print(f"\na class of 200: {', '.join(clock.steps)}")


def test_a_bad_line_keeps_all_from_being_made(server, class_files):
    rows = "".join(f"{name},\n" for name in NAMES[:5]) + "class006,nonsense ssh-ed25519 AAAA\n"
    server.write("/var/tmp/class.csv", ("name,authorizedKeys\n" + rows).encode())
    result = server.labgpu("user", "import", "/var/tmp/class.csv").failed()
    assert "1 of 6 users cannot be added, so none was" in result.error
    assert re.search(r'line 7 +class006 .*the key has the option "nonsense"', result.text), result
    assert server.try_sh(f"getent passwd {ALL}").out == b""
