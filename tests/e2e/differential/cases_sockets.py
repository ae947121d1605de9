# Forwarding of Unix sockets, both ways, in /tmp and in the home.
import contextlib
import socket

import service
from client import free_port
from far import LARGE, ask_there, complaints, far_service
from processes import wait_until
from table import Intended, Table

table = Table("sockets")


@contextlib.contextmanager
def far_path(person, folder):
    """A path for a socket in a folder of the account's, where nothing is."""
    path = f"{folder}/x-{person.name}.sock"
    person.ssh(f"rm -f {path}")
    yield path
    person.ssh(f"rm -f {path}")


def remote(person, path, port, *options):
    return person.client.forwarding("-R", f"{path}:127.0.0.1:{port}", *options)


for folder in ("/tmp", "home"):

    @table.case(f"-L from a port to a socket in {folder}")
    def _(person, folder=folder):
        port = free_port()
        place = folder if folder == "/tmp" else person.text("pwd")
        with far_path(person, place) as path, far_service(person, path):
            with person.client.forwarding("-L", f"127.0.0.1:{port}:{path}"):
                return [service.ask(port, "addresses"), service.ask(port, "digest", service.pattern(LARGE))]

    @table.case(f"-L from a socket to a socket in {folder}")
    def _(person, folder=folder):
        place = folder if folder == "/tmp" else person.text("pwd")
        with person.folders() as (local, _), far_path(person, place) as path, far_service(person, path):
            with person.client.forwarding("-L", f"{local}/here.sock:{path}"):
                mode = (local / "here.sock").stat().st_mode
                return [oct(mode), service.ask(local / "here.sock", f"send {LARGE}")]

    @table.case(f"-R from a socket in {folder} to a port")
    def _(person, folder=folder):
        place = folder if folder == "/tmp" else person.text("pwd")
        with far_path(person, place) as path, service.running("127.0.0.1") as port, remote(person, path, port):
            looks = person.text(f"stat -c '%F %a %U %G' {path}")
            return [looks, ask_there(person, path, "send", "9"), ask_there(person, path, "send", str(LARGE))]


@table.case("-L from a socket to a port")
def _(person):
    with person.folders() as (local, _), far_service(person) as port:
        with person.client.forwarding("-L", f"{local}/here.sock:127.0.0.1:{port}"):
            return service.ask(local / "here.sock", "addresses")


@table.case("-L to a socket: one half of the connection ends before the other")
def _(person):
    port = free_port()
    with far_path(person, "/tmp") as path, far_service(person, path):
        with person.client.forwarding("-L", f"127.0.0.1:{port}:{path}"):
            return service.ask(port, "digest", b"ends first")


@table.case("-L to a path where nothing is, to a file, to a socket that nobody listens on")
def _(person):
    script = "import socket; socket.socket(socket.AF_UNIX).bind('/tmp/deaf.sock')"
    person.ssh(f'rm -f /tmp/deaf.sock; python3 -c "{script}"; echo a file >/tmp/file.sock')
    port = free_port()
    seen = []
    for path in ("/tmp/nothing.sock", "/tmp/file.sock", "/tmp/deaf.sock", "/"):
        with person.client.forwarding("-L", f"127.0.0.1:{port}:{path}") as process:
            seen.append([service.ask(port, "echo"), complaints(process)])
    person.ssh("rm -f /tmp/deaf.sock /tmp/file.sock")
    return seen


@table.case("-L to a socket of another user's")
def _(person):
    port = free_port()
    with far_path(person, "/tmp") as path:
        # The kernel asks for write permission.
        script = f"import socket, sys; s = socket.socket(socket.AF_UNIX); s.bind('{path}'); s.listen()"
        script += "; print('up', flush=True); sys.stdin.read()"
        with person.client.background(f'sudo sh -c "umask 077; exec python3 -c \\"{script}\\""') as process:
            process.expect(b"up")
            with person.client.forwarding("-L", f"127.0.0.1:{port}:{path}") as forwarding:
                seen = [service.ask(port, "echo"), complaints(forwarding)]
        person.ssh(f"sudo rm -f {path}")
        return seen


@table.case("-R to a path that is taken")
def _(person):
    with far_path(person, "/tmp") as path:
        person.ssh(f"touch {path}")
        seen = [person.ssh("echo on", "-R", f"{path}:127.0.0.1:9")]
        seen.append(person.ssh("echo on", "-o", "ExitOnForwardFailure=yes", "-R", f"{path}:127.0.0.1:9"))
        return [*seen, person.ssh(f"stat -c %F {path}")]


@table.case("-R to a folder that is not there, and to one of root's")
def _(person):
    return [person.ssh("echo on", "-R", f"{path}:127.0.0.1:9") for path in ("/tmp/none/y.sock", "/etc/y.sock")]


@table.case("-R: the socket stays when the connection ends, and is in the way of the next one")
def _(person):
    with far_path(person, "/tmp") as path:
        first = person.ssh(f"test -S {path} && echo there", "-R", f"{path}:127.0.0.1:9")
        wait_until(lambda: person.ssh(f"test -S {path}")["status"] in (0, 1))
        second = person.ssh(f"ls {path}", "-R", f"{path}:127.0.0.1:9")
        return [first, second]


@table.case("StreamLocalBindUnlink and StreamLocalBindMask here")
def _(person):
    with person.folders() as (local, _), far_service(person) as port:
        path = local / "here.sock"
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(str(path))
        forward = ("-o", "ExitOnForwardFailure=yes", "-L", f"{path}:127.0.0.1:{port}")
        refused = person.ssh("echo on", *forward)
        options = ("-o", "StreamLocalBindUnlink=yes", "-o", "StreamLocalBindMask=0111")
        with person.client.forwarding(*forward, *options):
            refused["err"] = refused["err"].replace(str(local), "")
            return [refused, oct(path.stat().st_mode), service.ask(path, "send 4")]


@table.case(
    "-L and -R to a socket in /var/tmp",
    Intended(
        "sshd's process sees the container's /tmp and home and nothing else that users can write",
        lambda a, b: a[0] == "a Unix socket" and b[0] == "" and not a[1]["err"] and "failed" in b[1]["err"],
    ),
)
def _(person):
    port = free_port()
    with far_path(person, "/var/tmp") as path:
        with far_service(person, path), person.client.forwarding("-L", f"127.0.0.1:{port}:{path}"):
            answer = service.ask(port, "addresses")
        person.ssh(f"rm -f {path}")
        return [answer, person.ssh("echo on", "-R", f"{path}:127.0.0.1:9")]
