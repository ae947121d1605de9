# Subsystems and commands: whatever the client asks for runs in the container.
import pytest

from attempts import SECRET_FILE
from client import Client
from processes import run
from server import HOME_MARKER, MARKER

pytestmark = pytest.mark.thorough
CONFIG = "/etc/ssh/sshd_config"
MARK = f"[ -e /.labgpu ] || touch {MARKER} ~/{HOME_MARKER}"

NAMES = {
    "a shell": "/bin/sh",
    "the built-in server": "internal-sftp",
    "a path to one": "../../../usr/lib/openssh/sftp-server",
    "one with options": "sftp -d /",
    "a command behind a name": f"sftp; touch {MARKER}",
    "a command in a name": f"$(touch {MARKER})",
    "lines": f"sftp\ntouch {MARKER}",
    "formats": "%s%n%s%n",
    "a long name": "x" * 20000,
}


@pytest.mark.parametrize("name", NAMES)
def test_a_subsystem_that_is_not_there_does_nothing(server, mallory, no_marker, name):
    result = mallory.ssh(NAMES[name], "-s").failed()
    assert result.out == b"", result


def test_the_subsystem_that_is_there_answers(mallory):
    """The positive side of the test above: SSH_FXP_INIT, and SSH_FXP_VERSION with the version."""
    with mallory.background("sftp", "-s") as server:
        server.send(b"\0\0\0\x05\x01\0\0\0\x03")
        server.expect(b"\x02\0\0\0\x03")


def test_a_subsystem_of_the_administrators_runs_in_the_container(server, mallory, carol, no_marker):
    program = "/usr/local/bin/e2e-mark"
    server.write(program, f"#!/bin/sh\n{MARK}\n".encode(), mode="755")
    mallory.root(f"printf '#!/bin/sh\necho inside\n' >{program}; chmod 755 {program}").ok()
    with server.edited(f"echo 'Subsystem mark {program}' >>{CONFIG}", CONFIG):
        assert mallory.ssh("mark", "-s").ok().text == "inside"
        assert server.try_sh(f"ls {MARKER} /home/mallory/{HOME_MARKER}").out == b""
        carol.ssh("mark", "-s").ok()
        assert server.try_sh(f"rm {MARKER} /home/carol/{HOME_MARKER} {program}").status == 0


def test_a_key_that_asks_for_the_built_in_server_serves_the_container(server, laptop, mallory, carol, secret, tmp_path):
    """`command="internal-sftp"` in a user's own file: sshd itself would serve files, on the host."""
    found = {}
    for person in (mallory, carol):
        key = laptop.directory / f"sftp-{person.user}.key"
        for file in laptop.directory.glob(f"{key.name}*"):
            file.unlink()
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key]).ok()
        line = f'command="internal-sftp" {key.with_suffix(".key.pub").read_text()}'
        person.ssh("mkdir -pm 700 ~/.ssh; cat >>~/.ssh/authorized_keys", stdin=line.encode()).ok()
        client = Client(laptop, person.user)
        client.options = [word.replace(str(person.key), str(key)) for word in person.options]
        got = f"{tmp_path}/{person.user}"
        client.sftp(f"get /etc/hostname {got}\nget {SECRET_FILE} {got}-secret")
        found[person.user] = sorted(file.read_text().strip() for file in tmp_path.glob(f"{person.user}*"))
    mallory.ssh("rm ~/.ssh/authorized_keys").ok()
    carol.ssh("sed -i /internal-sftp/d ~/.ssh/authorized_keys").ok()
    assert found["mallory"] == ["mallory-VM"]
    assert found["carol"] == [server.sh("hostname").text, secret]


# A command, and whether it makes the marker in the container.
COMMANDS = {
    "substitution": (f"$(touch {MARKER})`touch {MARKER}`", True),
    "ends of quotes": (f"'; touch {MARKER}; '", False),
    "lines": (f"true\ntouch {MARKER}\n", True),
    "options of a shell": (f"-c 'touch {MARKER}'", False),
    "the session command's own path": (f"/usr/libexec/labgpu/labgpu-session -c 'touch {MARKER}'", False),
    "nothing but space": (" ", False),
    "almost too long": (f": {'x' * 120_000}; touch {MARKER}", True),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_a_shell_of_the_host_would_run(mallory, no_marker, name):
    """There is none between sshd and the container: it goes there as it is."""
    command, marks = COMMANDS[name]
    mallory.ssh(f"rm -f {MARKER}").ok()
    mallory.ssh(command)
    assert (mallory.ssh(f"rm {MARKER}").status == 0) == marks
