# Port, socket and agent forwarding end in the container's network, never in the host's.
import contextlib
import socket
import socketserver
import struct
import threading

import pytest

from agent import agent_with_key
from client import free_port, talk
from processes import wait_until

# A server in one line that every Debian has: greets whoever connects, for ever.
PERL_SERVER = (
    "perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(LocalAddr => q(127.0.0.1:{port}), Listen => 9, ReuseAddr => 1)"
    " or die; $| = 1; print qq(up\\n); while ($c = $s->accept) {{ print $c qq({greeting}\\n); close $c }}'"
)
PERL_CLIENT = (
    "perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(q({address}:{port})) or die qq(no: $!\\n); print <$s>'"
)
CONTAINER_PORT = 7101
HOST_PORT = 7102
# Sockets of the host that would make anybody root or tell too much.
HOST_SOCKETS = [
    "/run/dbus/system_bus_socket",
    "/var/run/dbus/system_bus_socket",
    "/run/docker.sock",
    "/run/systemd/journal/stdout",
    "/run/systemd/private",
    "/run/labgpu/org.labgpu",
]


@pytest.fixture(scope="module")
def container_server(alice):
    with alice.background(PERL_SERVER.format(port=CONTAINER_PORT, greeting="from the container")) as process:
        process.expect(b"up")
        yield CONTAINER_PORT


@pytest.fixture(scope="module")
def host_server(server):
    unit = "e2e-server"
    server.write("/var/tmp/e2e-server", PERL_SERVER.format(port=HOST_PORT, greeting="from the host").encode())
    server.sh(f"systemctl stop {unit} 2>/dev/null; systemd-run -q --unit={unit} sh /var/tmp/e2e-server")
    wait_until(lambda: server.try_sh(PERL_CLIENT.format(address="127.0.0.1", port=HOST_PORT)).status == 0)
    yield HOST_PORT
    server.sh(f"systemctl stop {unit}")


def through(client, target, data=b""):
    """What `ssh -N -L` to that target brings, and what ssh said about it."""
    port = free_port()
    with client.forwarding("-L", f"127.0.0.1:{port}:{target}") as process:
        answer = talk(port, data)
        process.poll()
        return answer, process.err.decode(errors="replace")


def test_local_forwarding_reaches_a_server_in_the_container(alice, container_server):
    assert through(alice, f"127.0.0.1:{container_server}")[0] == b"from the container\n"
    assert through(alice, f"localhost:{container_server}")[0] == b"from the container\n"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0"])
def test_local_forwarding_never_reaches_the_hosts_loopback(alice, carol, host_server, host):
    answer, said = through(alice, f"{host}:{host_server}")
    assert answer == b""
    assert "open failed: connect failed" in said, said
    assert through(carol, f"127.0.0.1:{host_server}")[0] == b"from the host\n", "the server is there to be reached"


def test_hosts_server_is_not_reachable_from_the_command_either(alice, host_server):
    assert "no: Connection refused" in alice.ssh(PERL_CLIENT.format(address="127.0.0.1", port=host_server)).error


@pytest.mark.parametrize("path", HOST_SOCKETS)
def test_local_forwarding_never_reaches_a_socket_of_the_host(server, alice, path):
    server.sh(f"test -S {path}")
    answer, said = through(alice, path, b"\0AUTH EXTERNAL\r\n")
    assert answer == b""
    assert "open failed" in said, said


def test_no_path_that_somebody_of_the_host_listens_on_is_reached(server, alice):
    paths = server.sh("ss -Hxl | awk '$5 ~ /^\\// {print $5}' | sort -u").text.splitlines()
    assert len(paths) > 8 and "/run/dbus/system_bus_socket" in paths, paths
    ports = [free_port() for _ in paths]
    forwards = [word for port, path in zip(ports, paths) for word in ("-L", f"127.0.0.1:{port}:{path}")]
    with alice.forwarding(*forwards) as process:
        assert [path for port, path in zip(ports, paths) if talk(port, b"hello") != b""] == []
        wait_until(lambda: process.poll() or process.err.count(b": open failed: ") == len(paths), 10, "all refusals")


def test_local_forwarding_of_the_bus_works_for_a_host_account(carol):
    """The positive side of the test above: without labgpu the bus answers."""
    answer, _ = through(carol, "/run/dbus/system_bus_socket", b"\0AUTH EXTERNAL\r\nBOGUS\r\n" + b"x" * 20000)
    assert answer != b""


def test_session_socket_is_of_no_use_to_a_forwarding(server, alice):
    server.sh("test -S /run/labgpu/session/socket")
    answer, said = through(alice, "/run/labgpu/session/socket", b"hello")
    assert answer == b"" and "open failed" in said, said


def test_local_forwarding_reaches_a_socket_in_the_containers_tmp(alice):
    script = (
        "rm -f /tmp/e2e.sock; perl -MIO::Socket::UNIX -e '$s = IO::Socket::UNIX->new(Local => q(/tmp/e2e.sock), Listen => 1)"
        " or die; $| = 1; print qq(up\\n); while ($c = $s->accept) { print $c qq(by socket\\n); close $c }'"
    )
    with alice.background(script) as process:
        process.expect(b"up")
        assert through(alice, "/tmp/e2e.sock")[0] == b"by socket\n"


def test_connection_without_a_command_stays(alice, container_server):
    """`ssh -N`: no session is opened at all, and yet the forwarding ends in the container, again and again."""
    port = free_port()
    with alice.forwarding("-L", f"127.0.0.1:{port}:127.0.0.1:{container_server}") as process:
        for _ in range(5):
            assert talk(port) == b"from the container\n"
        assert process.process.poll() is None


class Greeter(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall(b"from the laptop\n")


@contextlib.contextmanager
def laptop_server():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Greeter) as listener:
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        yield listener.server_address[1]
        listener.shutdown()


def test_remote_forwarding_listens_in_the_container(server, alice):
    ask = PERL_CLIENT.format(address="127.0.0.1", port=7103)
    with laptop_server() as port, alice.forwarding("-R", f"7103:127.0.0.1:{port}"):
        wait_until(lambda: alice.ssh(ask).text == "from the laptop", 15, "an answer through the remote forwarding")
        assert "no: Connection refused" in server.try_sh(ask).error, "the host's loopback listens"


def test_remote_forwarding_of_a_socket_is_made_in_the_containers_tmp(server, alice):
    alice.ssh("rm -f /tmp/e2e-remote.sock").ok()
    with laptop_server() as port, alice.forwarding("-R", f"/tmp/e2e-remote.sock:127.0.0.1:{port}"):
        wait_until(lambda: alice.ssh("test -S /tmp/e2e-remote.sock").status == 0, 15, "the socket in the container")
        assert server.try_sh("test -e /tmp/e2e-remote.sock").status == 1


def test_remote_forwarding_makes_no_socket_on_the_host(server, alice, carol):
    def failures(client, *folders):
        forwards = [word for folder in folders for word in ("-R", f"{folder}/e2e-host.sock:127.0.0.1:9")]
        return client.ssh("true", *forwards).ok().error.count("remote port forwarding failed")

    folders = ["/var/tmp", "/dev/shm", "/run", "/run/labgpu/session", "/var/lib/labgpu/containers", "/home"]
    find = "find / -path /proc -prune -o -name e2e-host.sock -print"
    try:
        assert failures(alice, *folders) == len(folders)
        assert server.sh(find).text == ""
        assert failures(carol, "/var/tmp", "/dev/shm") == 0, "a host account can"
        assert len(server.sh(find).text.splitlines()) == 2
    finally:
        server.sh("rm -f /var/tmp/e2e-host.sock /dev/shm/e2e-host.sock")


def test_names_of_the_host_are_not_known(server, alice, carol, host_server):
    """The names in a forwarding are the container's; the differential tests show that those work."""
    # Here /etc/hosts is a mount: it can be written, and not replaced.
    server.sh("cp /etc/hosts /var/tmp/e2e-hosts; echo 127.0.0.1 e2e-on-the-host >>/etc/hosts")
    try:
        answer, said = through(alice, f"e2e-on-the-host:{host_server}")
        assert answer == b"" and "Name or service not known" in said, said
        assert through(carol, f"e2e-on-the-host:{host_server}")[0] == b"from the host\n"
    finally:
        server.sh("cat /var/tmp/e2e-hosts >/etc/hosts; rm /var/tmp/e2e-hosts")


def test_dynamic_forwarding(alice, container_server, host_server):
    port = free_port()
    with alice.forwarding("-D", f"127.0.0.1:{port}"):
        assert socks(port, container_server) == b"from the container\n"
        assert socks(port, host_server) is None


def socks(proxy, port):
    """What 127.0.0.1:port says through a SOCKS 5 proxy (RFC 1928); None when the proxy cannot connect."""
    with socket.create_connection(("127.0.0.1", proxy), 10) as connection:
        connection.sendall(b"\x05\x01\x00")
        assert connection.recv(2) == b"\x05\x00"
        connection.sendall(b"\x05\x01\x00\x01" + socket.inet_aton("127.0.0.1") + struct.pack("!H", port))
        if connection.recv(10)[1:2] != b"\x00":
            return None
        return connection.recv(100)


def test_agent_forwarding(alice):
    # SSH_AGENTC_REQUEST_IDENTITIES is 11, the answer 12, then the number of keys.
    ask = (
        "perl -MIO::Socket::UNIX -e '$s = IO::Socket::UNIX->new($ENV{SSH_AUTH_SOCK}) or die qq(no: $!\\n);"
        " $s->syswrite(pack(q(NC), 1, 11)); $s->sysread($r, 9); print join(q( ), (unpack(q(NCN), $r))[1, 2])'"
    )
    with agent_with_key(alice) as lend:
        assert alice.ssh(ask, *lend).ok().text == "12 1"


def test_x11_forwarding_listens_in_the_container_with_its_cookie(server, alice):
    alice.environment["DISPLAY"] = ":9"
    try:
        script = "echo $DISPLAY; stat -c %U ~/.Xauthority; grep -c alice-VM ~/.Xauthority; " + PERL_CLIENT.format(
            address="127.0.0.1", port=6010
        )
        answer = alice.ssh(script, "-Y")
        assert answer.text.splitlines()[:3] == ["localhost:10.0", "alice", "1"], answer
        assert "no:" not in answer.error, answer
    finally:
        del alice.environment["DISPLAY"]
