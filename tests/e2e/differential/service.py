# The two ends of a conversation through a forwarding: a server, which runs on the server as a script and on this
# machine as a module, and what asks it.
import contextlib
import errno
import hashlib
import os
import socket
import socketserver
import struct
import sys
import threading

BLOCK = bytes(range(256)) * 256


def pattern(count):
    """That many bytes, not all alike."""
    return (BLOCK * (count // len(BLOCK) + 1))[:count]


def digest(data):
    return f"{len(data)} {hashlib.sha256(data).hexdigest()}".encode()


class Answer(socketserver.StreamRequestHandler):
    """The first line says what is wanted."""

    def handle(self):
        request, *arguments = self.rfile.readline().decode().split()
        getattr(self, f"do_{request}")(*arguments)

    def do_echo(self):
        while chunk := self.rfile.readline():
            self.wfile.write(b"heard " + chunk)

    def do_digest(self):
        """Answers only after the other side has ended its half of the connection."""
        self.wfile.write(digest(self.rfile.read()))

    def do_send(self, count):
        self.wfile.write(pattern(int(count)))

    def do_addresses(self):
        ours, theirs = self.request.getsockname(), self.request.getpeername()
        self.wfile.write(f"{theirs[0]} asks {ours[0]}".encode() if isinstance(theirs, tuple) else b"a Unix socket")

    def do_reset(self):
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Service(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Listens at an address, on any free port, or, when it has a slash, at a path."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, place):
        is_path = "/" in place
        self.address_family = socket.AF_UNIX if is_path else socket.AF_INET6 if ":" in place else socket.AF_INET
        super().__init__(place if is_path else (place, 0), Answer)

    def server_bind(self):
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        super().server_bind()

    def server_close(self):
        super().server_close()
        if isinstance(self.server_address, str):
            os.unlink(self.server_address)


@contextlib.contextmanager
def running(place):
    """A service in this process; yields its port, or its path."""
    with Service(place) as service:
        threading.Thread(target=service.serve_forever, daemon=True).start()
        address = service.server_address
        yield address if isinstance(address, str) else address[1]
        service.shutdown()


def connected(target, timeout=20):
    """A connection to a port of 127.0.0.1, a path, or an (address, port)."""
    if isinstance(target, int):
        target = ("127.0.0.1", target)
    if isinstance(target, tuple):
        return socket.create_connection(target, timeout)
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(timeout)
    connection.connect(str(target))
    return connection


@contextlib.contextmanager
def suppressed(*numbers):
    try:
        yield
    except OSError as error:
        if error.errno not in numbers:
            raise


def ask(target, request, data=b""):
    """Sends a request and data, ends that half, and returns what comes until the other side ends or resets its half."""
    connection = target if isinstance(target, socket.socket) else connected(target)
    received = b""
    # When nobody is at the other end, which of these calls fails, if any, is a matter of timing.
    with connection, suppressed(errno.ENOTCONN, errno.ECONNRESET, errno.EPIPE):
        connection.sendall(request.encode() + b"\n" + data)
        connection.shutdown(socket.SHUT_WR)
        while chunk := connection.recv(1 << 16):
            received += chunk
    return received if len(received) < 1000 else digest(received)


def main(role, place, *request):
    if role == "serve":
        with Service(place) as service:
            address = service.server_address
            print("serving", address if isinstance(address, str) else address[1], flush=True)
            threading.Thread(target=service.serve_forever, daemon=True).start()
            sys.stdin.read()  # until whoever started it has gone
        return
    address, _, port = place.rpartition(":")
    target = place if "/" in place else (address, int(port))
    print(ask(target, " ".join(request)).decode())


if __name__ == "__main__":
    main(*sys.argv[1:])
