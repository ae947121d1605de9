# A server that greets whoever connects: greeter ADDRESS PORT WORDS.
import socket
import sys

address, port, words = sys.argv[1:]
with socket.create_server((address, int(port))) as listener:
    print("up", flush=True)
    while True:
        peer, _ = listener.accept()
        with peer:
            peer.sendall(words.encode() + b"\n")
