# Sends packets (hexadecimal, "*N" behind it for N times that) to a packet socket and prints the answers, how many descriptors came with
# them, and who is at the other end of the first one: ask PATH PACKET...
import socket
import struct
import sys

count = 0
with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
    connection.settimeout(8)
    try:
        connection.connect(sys.argv[1])
        for packet in sys.argv[2:]:
            data, _, times = packet.partition("*")
            connection.send(bytes.fromhex(data) * int(times or 1))
        while True:
            data, fds, _, _ = socket.recv_fds(connection, 65536, 16)
            if not data:
                break
            print(data)
            count += len(fds)
            for number in fds:
                with socket.socket(fileno=number) as given:
                    print("peer", struct.unpack("iii", given.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0])
            if fds:
                break
    except OSError as error:
        print("error", error)
print("descriptors", count)
