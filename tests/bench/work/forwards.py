# Forwarded connections to a server of the user's: one that brings a lot, and many that bring little.
import contextlib
import pathlib
import socket
import struct

from client import free_port
from measuring import PIECE, Bench, seconds_of
from processes import wait_until
from rows import AGAIN, EXEC, HOST

PORT = 7100
TRAFFIC = pathlib.Path(__file__).parents[1] / "traffic.py"
INSTALLED = "/var/tmp/traffic.py"
NOTE = "docker exec: sshd forwards to the server's network there, not to the container's"


def rows(bench: Bench):
    ways = [way for way in bench.ways if way.name != EXEC]
    size = bench.size
    for way in ways:
        _start_traffic(bench.server, way)
    for option, forwarding in (("-L", _local), ("-D", _dynamic)):
        with contextlib.ExitStack() as stack:
            connects = {way.name: stack.enter_context(forwarding(way)) for way in ways}
            for work, rounds, connections, count in (
                (f"{size.streamed >> 20} MiB", size.streams, 1, size.streamed),
                (f"{size.connections} connections", size.connecting, size.connections, 1),
            ):
                yield from bench.compare(
                    f"{option}: {work}",
                    "s",
                    1.03,
                    rounds,
                    lambda way: _fetch_often(connects[way.name], connections, count),
                    ways,
                    note=NOTE,
                )


def _fetch_often(connect, times, count):
    """Seconds that so many connections take, one after the other, each of which brings `count` bytes."""

    def fetch():
        with connect() as connection:
            connection.sendall(struct.pack("!Q", count))
            _receive_exactly(connection, count)
            assert connection.recv(1) == b"", "more came than was asked for"

    return seconds_of(lambda: [fetch() for _ in range(times)])


@contextlib.contextmanager
def _local(way):
    """`ssh -L`; yields what connects through it."""
    port = free_port()
    with _ssh(way, port, "-L", f"127.0.0.1:{port}:127.0.0.1:{PORT}"):
        yield lambda: _connect(port)


@contextlib.contextmanager
def _dynamic(way):
    """`ssh -D`, spoken to as SOCKS 5 without a password (RFC 1928)."""
    port = free_port()

    def connect():
        connection = _connect(port)
        connection.sendall(b"\x05\x01\x00")
        _receive_exactly(connection, 2)
        connection.sendall(b"\x05\x01\x00\x01" + socket.inet_aton("127.0.0.1") + struct.pack("!H", PORT))
        _receive_exactly(connection, 10)
        return connection

    with _ssh(way, port, "-D", f"127.0.0.1:{port}"):
        yield connect


@contextlib.contextmanager
def _ssh(way, port, *options):
    with way.client.background(None, "-N", "-o", "ExitOnForwardFailure=yes", *options):
        wait_until(lambda: _listens(port), 20, f"the forwarding of {way.name}")
        yield


def _connect(port):
    return socket.create_connection(("127.0.0.1", port), 20)


def _listens(port):
    try:
        _connect(port).close()
    except ConnectionRefusedError:
        return False
    return True


def _receive_exactly(connection, count):
    buffer = memoryview(bytearray(min(count, PIECE)))
    left = count
    while left > 0:
        received = connection.recv_into(buffer[: min(left, PIECE)])
        assert received > 0, f"the connection ended {left} bytes before its end"
        left -= received


def _start_traffic(server, way):
    """traffic.py where the way's connections end: in the container, or on the server for both host accounts."""
    if way.name == AGAIN:
        return
    program = TRAFFIC.read_bytes()
    if way.name == HOST:
        inside = ""
        server.write(INSTALLED, program)
        server.sh(f"systemctl -q is-active bench-traffic || systemd-run -q --unit=bench-traffic python3 {INSTALLED} {PORT}")
    else:
        inside = f"docker exec -i {way.container}"
        server.sh(f"{inside} sh -c 'cat >{INSTALLED}'", stdin=program)
        server.sh(f"docker exec -d {way.container} python3 {INSTALLED} {PORT}")
    probe = f"import socket; socket.create_connection(('127.0.0.1', {PORT}))"
    wait_until(lambda: server.try_sh(f'{inside} python3 -c "{probe}"').status == 0, 20, f"a server for {way.name}")
