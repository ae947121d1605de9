# What VS Code's Remote-SSH and JetBrains' Gateway do: a script on the input of a bare shell unpacks a server and
# starts it, and all the rest goes through a SOCKS forwarding.
import base64
import contextlib
import io
import re
import tarfile

import service
from client import free_port
from processes import Background
from socks import socks_connected
from table import Intended, Table

table = Table("editors")

SERVER = b"""import http.server, os, sys, threading
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = ("%s %s\\n" % (self.path, self.client_address[0])).encode() * (100_000 if self.path == "/large" else 1)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        if self.path == "/end":
            threading.Thread(target=self.server.shutdown).start()
    def log_message(self, *_):
        pass
with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
    print("listening on", server.server_address[1], flush=True)
    server.serve_forever()
"""

# As VS Code's: finds the server that runs, or unpacks and starts one, and says where it is between two markers.
SCRIPT = """
cd || exit 1
if [ -f .editor/pid ] && kill -0 "$(cat .editor/pid)" 2>/dev/null; then
  found=running
else
  found=started
  rm -rf .editor
  mkdir -p .editor/bin
  base64 -d <<'END' | tar -xzf - -C .editor/bin
%s
END
  nohup python3 .editor/bin/server.py >.editor/log 2>&1 </dev/null &
  echo $! >.editor/pid
  tries=0
  until grep -q listening .editor/log || [ $((tries += 1)) -gt 100 ]; do sleep 0.1; done
fi
echo "begin-7f3a"
echo "found==$found=="
echo "port==$(sed -n 's/listening on //p' .editor/log)=="
echo "shell==$SHELL=="
echo "arch==$(uname -m)=="
echo "end-7f3a"
"""


def script():
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo("server.py")
        member.size = len(SERVER)
        archive.addfile(member, io.BytesIO(SERVER))
    return (SCRIPT % base64.encodebytes(packed.getvalue()).decode()).encode()


class Window:
    """A window of the editor: its connection, and what the script on it said."""

    def __init__(self, process, proxy):
        self.process = process
        self.proxy = proxy
        said = process.out.decode().partition("begin-7f3a\n")[2]
        self.told = dict(re.findall(r"(\w+)==(.*)==", said))
        self.port = int(self.told.pop("port"))

    def get(self, path):
        with socks_connected(self.proxy, "127.0.0.1", self.port) as connection:
            connection.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
            answer = connection.makefile("rb").read()
        head, _, body = answer.partition(b"\r\n\r\n")
        return [head.splitlines()[0].decode(), body if len(body) < 1000 else service.digest(body)]


@contextlib.contextmanager
def window(person, shell, *options):
    proxy = free_port()
    argv = person.client.ssh_argv("-T", "-D", f"127.0.0.1:{proxy}", *options, "--", shell)
    with Background(argv, person.client.environment) as process:
        process.send(script())
        process.expect(b"end-7f3a\n")
        yield Window(process, proxy)


def close_server(person):
    person.ssh('kill "$(cat .editor/pid)"; rm -rf .editor')


for shell in ("sh", "bash", "bash --login -c bash"):

    @table.case(f"a window through `ssh -T -D {shell}`, and a second one that finds the first one's server")
    def _(person, shell=shell):
        close_server(person)
        with window(person, shell) as first:
            seen = [first.told, first.get("/one"), first.get("/large")]
            with window(person, shell) as second:
                seen += [second.told, second.port == first.port, second.get("/two")]
            # The shell still reads its input: editors keep it open to notice the end.
            first.process.send(b"echo alive\n")
            first.process.expect(b"alive\n")
        close_server(person)
        return seen


@table.case("the server outlives its window, however that ended")
def _(person):
    close_server(person)
    seen = []
    with window(person, "sh") as first:
        seen += [first.get("/one"), first.process.finish().status]
    with window(person, "sh") as second:
        seen += [second.told, second.port == first.port, second.get("/two")]
        second.process.process.kill()
    with window(person, "sh") as third:
        seen += [third.told, third.port == first.port, third.get("/end")]
    close_server(person)
    return seen


@table.case("a window without the remote command of the settings")
def _(person):
    close_server(person)
    with person.client.background(None, "-T", "-o", "RemoteCommand=none", "-o", "ForwardAgent=no") as process:
        process.send(script())
        process.expect(b"end-7f3a\n")
        told = re.findall(r"(found|shell)==(.*)==", process.out.decode())
        status = process.finish().status
    close_server(person)
    return [told, status]


@table.case("a window on a connection that is shared")
def _(person):
    close_server(person)
    with person.client.master() as shared:
        process = Background(shared.ssh_argv("-T", "--", "sh"), person.client.environment)
        with process:
            process.send(script())
            process.expect(b"end-7f3a\n")
            port = int(re.search(rb"port==(\d+)==", process.out).group(1))
            answer = person.local(*shared.ssh_argv("-W", f"127.0.0.1:{port}"), stdin=b"GET /shared HTTP/1.0\r\n\r\n")
            seen = [answer["out"].splitlines()[-1], answer["status"], process.finish().status]
    close_server(person)
    return seen


@table.case("a socket of the server's in the home, as newer editors use")
def _(person):
    port = free_port()
    home = person.text("pwd")
    serve = (
        "import socket; s = socket.socket(socket.AF_UNIX); s.bind('.editor.sock'); s.listen(); print('up', flush=True);"
        "c = s.accept()[0]; c.sendall(b'by socket ' + c.recv(100)); c.close()"
    )
    person.ssh("rm -f .editor.sock")
    with person.client.background(f'python3 -c "{serve}"') as process:
        process.expect(b"up")
        with person.client.forwarding("-L", f"127.0.0.1:{port}:{home}/.editor.sock"):
            with service.connected(port) as connection:
                connection.sendall(b"asked")
                answer = connection.makefile("rb").read()
    person.ssh("rm -f .editor.sock")
    return answer


# --- probes

for probe in (
    "uname -rsv",
    "uname -m; getconf LONG_BIT; ldd --version | head -n 1",
    "echo $SHELL; echo $0; readlink /proc/$$/exe",
    "command -v wget curl tar gzip python3 git bash sh",
    "cat /etc/os-release",
    "$SHELL -ilc 'echo ~; umask; shopt login_shell'",
    "test -w ~ && df -P ~ | awk 'NR == 2 {print $6 != \"\"}'",
    "exec bash -s -- --probe x <<'END'\necho $1 $2 $#\nEND",
):
    table.command(f"probe: {probe.splitlines()[0]}", probe)


def differs_in_path(plain, boxed):
    path = [line for line in boxed[0] if line.startswith("PATH=/usr/local/sbin:/usr/local/bin:")]
    return len(path) == 1 and [line for line in plain[0] if not line.startswith("PATH=")] == [
        line for line in boxed[0] if line not in path
    ]


@table.case(
    "probe: the environment of an interactive login shell",
    Intended("PATH is the image's, with what its maker put there, in login shells too", differs_in_path),
)
def _(person):
    seen = person.ssh("$SHELL -ilc 'printf %s-- mark; env -0; printf %s mark' | tr '\\0' '\\n'")
    kept = [line for line in seen["out"].splitlines() if not re.match("SSH_|XDG_|SHLVL|DBUS_|MOTD_SHOWN", line)]
    return [sorted(kept), seen["status"]]


@table.case("what `ssh -v` says until it is authenticated")
def _(person):
    seen = person.ssh("true", "-v")
    lines = seen["err"].split("Authenticated to")[0].splitlines()
    return [
        line for line in lines if not re.search("identity file|attempt key|Offering|accepts key|Connect", line)
    ], seen["out"]
