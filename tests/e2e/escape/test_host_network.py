# The host's network through ssh: what is forwarded ends in the container's network, whatever the server allows.
import socket

import pytest

from attempts import through, trick
from client import free_port
from processes import wait_until
from tunnel import open_tunnel

pytestmark = pytest.mark.thorough
SSHD = "/etc/ssh/sshd_config.d/00-e2e.conf"
PORT = 7201
LINK_LOCAL = "169.254.77.1"
GREETING = b"from the host\n"


@pytest.fixture(scope="module")
def host_services(server):
    """Servers on the host: one on its loopback, one on a link-local address of its own."""
    server.sh(f"ip address add {LINK_LOCAL}/32 dev lo")
    units = {}
    for address in ("127.0.0.1", LINK_LOCAL):
        unit = f"e2e-greets-{address.replace('.', '-')}"
        units[address] = unit
        server.sh(f"systemd-run -q --unit={unit} {trick('greeter', address, PORT, GREETING.decode().strip())}")
        wait_until(lambda address=address: server.try_sh(trick("reach", address, PORT)).text, 10, "the host's server")
    yield
    server.sh(f"systemctl stop {' '.join(units.values())}; ip address del {LINK_LOCAL}/32 dev lo")


@pytest.fixture(scope="module")
def gateway(mallory):
    """The host as the container sees it: the address of Docker's bridge."""
    return mallory.ssh("ip route | sed -n 's/^default via \\([^ ]*\\).*/\\1/p'").ok().text


def test_standard_input_to_the_hosts_loopback(mallory, carol, host_services):
    assert mallory.ssh(None, "-W", f"127.0.0.1:{PORT}").out == b""
    assert carol.ssh(None, "-W", f"127.0.0.1:{PORT}").ok().out == GREETING


# Of the host's loopback, and whether the host's server at 127.0.0.1 is reached by it there.
SPELLINGS = {
    "0": True,
    "0x7f000001": True,
    "127.1": True,
    "[::ffff:127.0.0.1]": True,
    "[::ffff:7f00:1]": True,
    "127.1.2.3": False,
    "[::]": False,
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_another_spelling_of_the_hosts_loopback(mallory, carol, host_services, spelling):
    target = f"{spelling}:{PORT}"
    assert through(mallory, target) == b""
    assert (through(carol, target) == GREETING) == SPELLINGS[spelling]


def test_the_loopback_by_way_of_dockers_bridge(mallory, carol, host_services, gateway):
    assert through(mallory, f"{gateway}:{PORT}") == b""
    assert through(carol, f"127.0.0.1:{PORT}") == GREETING


def test_ssh_reaches_no_more_than_the_container_itself(server, mallory, host_services, gateway):
    """Addresses of the host that Docker leads to: the administrator's firewall sees the same packets either way."""
    for address in (gateway, server.address(), LINK_LOCAL, "169.254.169.254"):
        for port in (22, PORT):
            directly = mallory.ssh(trick("reach", address, port)).out
            forwarded = through(mallory, f"{address}:{port}")
            assert forwarded[:8] == directly[:8], (address, port)


def test_a_listener_on_all_addresses_of_the_host(server, mallory, carol):
    """With GatewayPorts, `-R *:port` of a host account is reached by everybody."""
    with server.edited(f"sed -i '1i GatewayPorts clientspecified' {SSHD}", SSHD):
        for person, everywhere in ((mallory, False), (carol, True)):
            with person.forwarding("-R", f"*:7202:127.0.0.1:{free_port()}"):
                wait_until(lambda person=person: ":7202" in person.ssh("ss -Hltn").text, 10, "the listener")
                assert (":7202" in server.sh("ss -Hltn").text) == everywhere
                assert can_connect(server.address(), 7202) == everywhere


def test_a_listener_on_an_address_of_the_host(server, mallory, carol):
    with server.edited(f"sed -i '1i GatewayPorts clientspecified' {SSHD}", SSHD):
        for person, allowed in ((mallory, False), (carol, True)):
            result = person.ssh("true", "-R", f"{server.address()}:7203:127.0.0.1:9")
            assert ("remote port forwarding failed" in result.error) != allowed, result


def can_connect(address, port):
    try:
        socket.create_connection((address, port), 3).close()
    except OSError:
        return False
    return True


def test_a_port_of_a_host_service_is_not_taken_over(server, mallory, host_services):
    """In the container's network the port is free; on the host it goes on being the service's."""
    with mallory.forwarding("-R", f"127.0.0.1:{PORT}:127.0.0.1:9", "-R", "0.0.0.0:22:127.0.0.1:9"):
        assert server.sh(trick("reach", "127.0.0.1", PORT)).out == GREETING
        assert server.sh(trick("reach", "127.0.0.1", 22)).text.startswith("SSH-2.0")
        assert "sshd" in server.sh("ss -Hltnp 'sport = 22'").text


def test_a_low_port_of_the_host_is_not_bound(server, mallory, carol):
    with mallory.forwarding("-R", "0.0.0.0:80:127.0.0.1:9"):
        assert ":80 " not in server.sh("ss -Hltn").text
        assert mallory.ssh("ss -Hltn 'sport = 80'").ok().out != b"", "nothing listens anywhere: nothing was tried"


def test_a_tunnel_device(server, mallory, carol):
    """Also where the administrator allows tunnels to others."""
    before = server.sh("ls /sys/class/net").text
    with server.edited(f"sed -i '1i PermitTunnel yes' {SSHD}", SSHD):
        assert "Server has rejected tunnel device forwarding" in open_tunnel(mallory)
        # carol is not root and gets none either, but sshd tries.
        assert "Server has rejected tunnel device forwarding" not in open_tunnel(carol)
    assert server.sh("ls /sys/class/net").text == before
