# Listens where init should, and prints what it is sent: impostor KIND PATH.
import os
import socket
import sys

kind = {"seqpacket": socket.SOCK_SEQPACKET, "stream": socket.SOCK_STREAM}[sys.argv[1]]
listener = socket.socket(socket.AF_UNIX, kind)
listener.bind(sys.argv[2])
os.chmod(sys.argv[2], 0o666)
listener.listen()
print("up", flush=True)
while True:
    peer, _ = listener.accept()
    with peer:
        data = peer.recv(65536)
        print("got" if data else "gone", data, flush=True)
