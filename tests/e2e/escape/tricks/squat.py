# Listens at abstract names, stream, packet and datagram where they are free, and prints who comes: squat NAME...
import selectors
import socket
import sys

ready = selectors.DefaultSelector()
for name in sys.argv[1:]:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        listener = socket.socket(socket.AF_UNIX, kind)
        try:
            listener.bind("\0" + name)
        except OSError:
            continue
        if kind == socket.SOCK_STREAM:
            listener.listen()
        ready.register(listener, selectors.EVENT_READ, name)
print("up", flush=True)
while True:
    for key, _ in ready.select():
        print(key.data, flush=True)
        sys.exit(0)
