# A client of SOCKS 5 (RFC 1928), as `ssh -D` serves it.
import ipaddress
import socket
import struct


def address_field(host):
    """An address, or a name that the proxy is to resolve."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return b"\x03" + bytes([len(host)]) + host.encode()
    return (b"\x01" if address.version == 4 else b"\x04") + address.packed


def socks_connected(proxy_port, host, port, timeout=20):
    """A connection to host:port through the proxy; ConnectionRefusedError with the proxy's answer otherwise."""
    connection = socket.create_connection(("127.0.0.1", proxy_port), timeout)
    try:
        connection.sendall(b"\x05\x01\x00")
        assert connection.recv(2) == b"\x05\x00"
        connection.sendall(b"\x05\x01\x00" + address_field(host) + struct.pack("!H", port))
        answer = connection.recv(10)  # OpenSSH always names an IPv4 address here, 0.0.0.0
        if answer[1:2] != b"\x00":
            raise ConnectionRefusedError(f"the proxy said {answer.hex()}")
        return connection
    except BaseException:
        connection.close()
        raise
