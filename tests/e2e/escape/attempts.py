# The attacker's means, and where her attempts would show.
import pathlib
import shlex

from client import Client, free_port
from processes import run, wait_until

TRICKS = pathlib.Path(__file__).with_name("tricks")
SECRET_FILE = "/etc/e2e-secret"
SECRET = "the host's secret 5d41402abc"


def write_secret(server):
    server.write(SECRET_FILE, SECRET.encode())
    return SECRET


def trick(name, *arguments):
    """The command line that runs one of the programs in tricks/, wherever it is given to a shell."""
    program = (TRICKS / f"{name}.py").read_text()
    return shlex.join(["python3", "-c", program, *map(str, arguments)])


def first_words(port):
    """What the server at a port of this machine says first, or nothing."""
    return run(["python3", TRICKS / "reach.py", "127.0.0.1", str(port)]).ok().out


def through(client, target):
    """What the server at that target says first to somebody who comes by `ssh -L`, or nothing."""
    port = free_port()
    with client.forwarding("-L", f"127.0.0.1:{port}:{target}"):
        return first_words(port)


class Mallory(Client):
    """The attacker: a labgpu account, and root in its container."""

    def __init__(self, client, server):
        super().__init__(client.laptop, client.user)
        self.server = server

    def root(self, script, *options, stdin=b"", timeout=30):
        """A script that root in her container runs; the caller judges the result."""
        return self.ssh(f"sudo -n sh -c {shlex.quote(script)}", *options, stdin=stdin, timeout=timeout)

    def session_pid(self):
        """The process on the host that runs her latest session command; there has to be one."""
        command = f"pgrep -n -x -u {self.user} labgpu-session"
        return int(wait_until(lambda: self.server.try_sh(command).text, 10, "a session command on the host"))

    def seen_on_host(self, pid, name):
        """A link or a file of /proc/PID as root on the host sees it."""
        path = f"/proc/{pid}/{name}"
        return self.server.sh(f"readlink {path} || tr '\\0' '\\n' <{path}").text

    def start_over(self):
        """A new container, and nothing left of what was in its directories."""
        self.server.sh(
            f"""docker rm -f {self.user}_container
            rm -rf /var/lib/labgpu/containers/{self.user}/run/* /var/lib/labgpu/containers/{self.user}/tmp/*"""
        )
        wait_until(lambda: self.ssh("true").status == 0, 30, "a new container for mallory", 0.5)


class Journal:
    """The host's journal from now on."""

    def __init__(self, server):
        self.server = server
        # Debian 12's journalctl passes over the first match behind a cursor that does not match itself.
        self.since = server.sh("date +@%s.%6N").text

    def text(self, *matches):
        """The messages since then; MATCHES are journalctl's, such as LABGPU_USER=mallory."""
        command = ["journalctl", "-q", "--no-pager", "-o", "cat", "--since", self.since, *matches]
        return self.server.sh(shlex.join(command)).text

    def expect(self, words, *matches):
        """Waits for a message with these words."""
        wait_until(lambda: words in self.text(*matches), 10, f"a message with {words!r}")
