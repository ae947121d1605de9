# Runs on the server: a TCP proxy before the registry, as slow as the test says. Arguments: a file with the rate in
# bytes per second, which is read again all the time, and a file to which the requests' first lines are written.
import re
import socket
import sys
import threading
import time

LISTEN, REGISTRY = ("127.0.0.1", 5001), ("127.0.0.1", 5000)
PIECE = 16384
REQUEST = re.compile(rb"^((?:GET|HEAD|POST|PUT) \S+) HTTP/1", re.MULTILINE)


class Throttle:
    """Lets bytes pass at the rate in a file, over all connections together."""

    def __init__(self, file):
        self.file = file
        self.lock = threading.Lock()
        self.free_at = 0.0

    def wait(self, count):
        with open(self.file) as file:
            rate = int(file.read())
        with self.lock:
            self.free_at = max(self.free_at, time.monotonic()) + count / rate
            delay = self.free_at - time.monotonic()
        time.sleep(max(0, delay))


def upwards(client, registry, log):
    while data := client.recv(65536):
        for line in REQUEST.findall(data):
            log.write(line + b"\n")
        registry.sendall(data)
    registry.shutdown(socket.SHUT_WR)


def downwards(registry, client, throttle):
    while data := registry.recv(PIECE):
        throttle.wait(len(data))
        client.sendall(data)
    client.shutdown(socket.SHUT_WR)


def serve(client, throttle, log):
    with client, socket.create_connection(REGISTRY) as registry:
        up = threading.Thread(target=quietly, args=(upwards, client, registry, log))
        up.start()
        quietly(downwards, registry, client, throttle)
        up.join()


def quietly(function, *arguments):
    try:
        function(*arguments)
    except OSError:
        pass  # one of the two has left


def main():
    throttle = Throttle(sys.argv[1])
    with socket.create_server(LISTEN, backlog=64) as listener, open(sys.argv[2], "ab", buffering=0) as log:
        while True:
            client, _ = listener.accept()
            threading.Thread(target=serve, args=(client, throttle, log), daemon=True).start()


main()
