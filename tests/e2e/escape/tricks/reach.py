# Connects and prints what the server says first; nothing when there is none: reach ADDRESS PORT.
import socket
import sys

try:
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), 3) as connection:
        connection.settimeout(3)
        sys.stdout.buffer.write(connection.recv(200))
except OSError:
    pass
