# The two people of the differential tests, and the account of what was compared.
import pytest

from client import Client
from people import add_user
from person import Person
from table import compared


@pytest.fixture(scope="session")
def comparable(server):
    """The host greets as the image does, without a line on its kernel; sshd gives up after six seconds of silence."""
    server.sh("chmod -x /etc/update-motd.d/*")
    server.write("/etc/ssh/sshd_config.d/01-differential.conf", "ClientAliveInterval 2\nClientAliveCountMax 3\n")
    server.sh("systemctl reload ssh")


@pytest.fixture(scope="session")
def plain(server, laptop, comparable):
    """Somebody with an ordinary account of the host."""
    client = Client(laptop, "plain1")
    # Docker turns IPv6 off in the container that the server is; sshd's X11 forwarding wants to bind ::1, too.
    server.sh("sysctl -qw net.ipv6.conf.lo.disable_ipv6=0")
    server.sh("id plain1 2>/dev/null || useradd -m -s /bin/bash -u 31001 plain1")
    server.sh("echo 'plain1 ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/plain1")
    server.write("/home/plain1/.ssh/authorized_keys", client.public_key.encode(), owner="plain1")
    return Person(client, server, 31001)


@pytest.fixture(scope="session")
def boxed(server, laptop, tool_image):
    """Somebody with an account of labgpu's."""
    client = add_user(server, laptop, "boxed1", "--image", tool_image)
    uid = client.ssh("id -u").ok().text  # starts the container, too: that is no part of a comparison
    return Person(client, server, int(uid))


def pytest_terminal_summary(terminalreporter, config):
    if not compared:
        return
    different = [case for case in compared if case.intended]
    terminalreporter.section("differential")
    terminalreporter.line(f"{len(compared)} cases compared, {len(different)} intended differences:")
    for case in different:
        terminalreporter.line(f"  {case}: {case.intended.reason}")
