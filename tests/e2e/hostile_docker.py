# Runs on the server: Docker's socket as the helper sees it. Requests that concern one user get what a file says, all others
# Docker's own answers. systemd passes the socket; arguments: the file, and one for the requests that were not answered well.
import http.client
import json
import re
import select
import socket
import sys
import threading
import time
import urllib.parse

DOCKER = "/run/docker.sock"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
OPEN_END = OK + b"\r\n"  # the body goes on until the connection ends
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def with_length(body, length=None):
    return OK + b"Content-Length: %d\r\n\r\n" % (len(body) if length is None else length) + body


def again_and_again(piece, first=b"", pause=0.0):
    """`first`, then `piece` until the other side has had enough."""

    def answer(client, _):
        client.sendall(first)
        while True:
            client.sendall(piece)
            time.sleep(pause)

    return answer


def once(reply):
    return lambda client, _: client.sendall(reply)


def never(client, _):
    while client.recv(65536):
        pass


def the_hosts_init(client, request):
    """What Docker says of the container, but for its process: that would be the host's first."""
    if not re.search("/containers/[^/]*/json", request.line):
        return relay(client, request)
    said = json.loads(ask_docker(request.bytes))
    said["State"]["Pid"] = 1
    client.sendall(with_length(json.dumps(said).encode()))


def the_ends_of_all(client, _):
    """Events that tell of the end of each container that runs, again and again."""
    running = json.loads(ask_docker(b"GET /containers/json HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n"))
    events = [{"Action": action, "Actor": {"ID": each["Id"]}} for action in ("die", "destroy") for each in running]
    again_and_again("".join(json.dumps(event) + "\n" for event in events).encode(), OPEN_END, 0.01)(client, _)


# By the name that a test gives; each is called with the connection and the request.
ANSWERS = {
    "never": never,
    "a byte per second": again_and_again(b" ", with_length(b"[", 10**6), 1),
    "a byte per second of the headers": again_and_again(b"H", b"HTTP/1.1 200 OK\r\nX-", 1),
    "gigabytes": again_and_again(b"7," * 32768, OPEN_END + b"["),
    "gigabytes of one text": again_and_again(b"x" * 65536, OPEN_END + b'{"Id":"'),
    "gigabytes in chunks": again_and_again(b"8000\r\n" + b" " * 32768 + b"\r\n", CHUNKED),
    "gigabytes of headers": again_and_again(b"X-More: " + b"x" * 4096 + b"\r\n", OK),
    "half of the JSON": once(with_length(b'{"Id":"')),
    "JSON of other types": once(with_length(b'[{"Id":7,"Names":{},"State":[[]]}]')),
    "JSON of a deep nesting": once(with_length(b"[" * 5_000_000)),
    "a length that is too long": once(with_length(b"[]", 99999)),
    "a length that is too short": once(with_length(b'[{"Id":"x"}]', 5)),
    "a length below zero": once(with_length(b"[]", -5)),
    "a length above all numbers": once(with_length(b"[]", 10**30)),
    "a chunk that is too long": once(CHUNKED + b"ffffffffffffffffffff\r\n[]"),
    "a chunk that is too short": once(CHUNKED + b"1\r\n[{}]\r\n0\r\n\r\n"),
    "a chunk of no number": once(CHUNKED + b"zz\r\n[]\r\n0\r\n\r\n"),
    "no last chunk": once(CHUNKED + b"2\r\n[]\r\n"),
    "no reply": once(b""),
    "half of a line": once(b"HTTP/1.1 2"),
    "another protocol": once(b"SSH-2.0-Docker\r\n\0\0\0\0"),
    "a switch of the protocol": once(b"HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n[]"),
    "a refusal of many lines": once(
        b"HTTP/1.1 500 Internal Server Error\r\n\r\n" + json.dumps({"message": "one\ntwo\0\x1b[2Jthree " + "x" * 300_000}).encode()
    ),
    "the host's init": the_hosts_init,
    # Of the stream of events:
    "events without end": again_and_again(
        b"".join(b'{"Action":"start","Actor":{"ID":"%064x"}}\n' % number for number in range(1000)), OPEN_END
    ),
    "events of no form": again_and_again(b'{"Action":[[[[\n' * 1000, OPEN_END),
    "an event without an end": again_and_again(b"x" * 65536, OPEN_END + b'{"Action":"'),
    "the ends of all": the_ends_of_all,
    "no stream": once(OPEN_END),
}


class Request:
    """One request as it came: its bytes, and the parts that say what it is about."""

    def __init__(self, client):
        self.bytes = b""
        while b"\r\n\r\n" not in self.bytes:
            self._read_more(client)
        head, _, body = self.bytes.partition(b"\r\n\r\n")
        length = re.search(rb"\r\nContent-Length: *(\d+)", head, re.IGNORECASE)
        missing = int(length[1]) - len(body) if length and b"application/json" in head else 0
        while missing > 0:
            missing -= self._read_more(client)
        self.line = urllib.parse.unquote(head.split(b"\r\n")[0].decode())
        self.text = self.line + self.bytes[len(head) :].decode(errors="replace")

    def _read_more(self, client):
        data = client.recv(65536)
        if not data:
            raise OSError("the request has no end")
        self.bytes += data
        return len(data)


def connect():
    docker = socket.socket(socket.AF_UNIX)
    docker.connect(DOCKER)
    return docker


def ask_docker(request):
    """The body of Docker's own answer."""
    with connect() as docker:
        docker.sendall(request)
        reply = http.client.HTTPResponse(docker)
        reply.begin()
        return reply.read()


def relay(client, request):
    with connect() as docker:
        docker.sendall(request.bytes)
        while True:
            for ready in select.select([client, docker], [], [])[0]:
                data = ready.recv(65536)
                if not data:
                    return
                (docker if ready is client else client).sendall(data)


def serve(client, rule, log):
    try:
        with client:
            request = Request(client)
            if rule["answer"] and re.search(rule["about"], request.text):
                log.write(request.line.encode() + b"\n")
                ANSWERS[rule["answer"]](client, request)
            else:
                relay(client, request)
    except OSError:
        pass  # one of the two has left


def main():
    with open(sys.argv[1]) as file:
        rule = json.load(file)
    with socket.socket(fileno=3) as listener, open(sys.argv[2], "ab", buffering=0) as log:
        while True:
            client, _ = listener.accept()
            threading.Thread(target=serve, args=(client, rule, log), daemon=True).start()


if __name__ == "__main__":
    main()
