# A person's own machine: OpenSSH's clients with keys, known_hosts and settings of their own.
import contextlib
import copy
import os
import shlex
import socket

from processes import PATIENCE, Background, run, wait_until

# Names that scripts and protocols tend to get wrong.
ODD_NAMES = ["two words", 'it\'s "quoted"', "中文文件", "back\\slash", "star*?[x]", "-dash", "$HOME `id`", "ünï;&|"]
NEWLINE_NAME = "two\nlines"


class Laptop:
    """Where clients run. `directory` has a short path, because control sockets lie in it.

    sshd closes its port for a moment whenever it is reloaded, by whomever; hence several attempts to connect.

    With `asks_first` a client asks whether a key would do before it signs with it, as most do. A key in a form without its
    public half, which lies elsewhere, is used without asking (OpenSSH's sshconnect2.c, userauth_pubkey).
    """

    def __init__(self, directory, asks_first=True):
        self.directory = directory
        self.asks_first = asks_first
        self.address = None

    def make_key(self, file):
        form = ["-t", "ed25519"] if self.asks_first else ["-t", "ecdsa", "-m", "PEM"]
        run(["ssh-keygen", "-q", *form, "-N", "", "-C", f"{file.stem}@laptop", "-f", file]).ok()
        file.with_name(f"{file.name}.pub").rename(self.public_half(file))

    def public_half(self, file):
        return file.with_name(f"{file.name}.pub" if self.asks_first else f"{file.stem}.public")

    def meet(self, server):
        """Learns the server's address and host keys, again after a reboot."""
        self.address = server.address()
        keys = server.sh("cat /etc/ssh/ssh_host_*_key.pub").text.splitlines()
        (self.directory / "known_hosts").write_text("".join(f"server {key}\n" for key in keys))
        # The default of today, sntrup761 with curve25519, takes each side 80 ms of processor: half of a whole login. Keys are
        # agreed on before anything of labgpu's has a part in it.
        (self.directory / "config").write_text(
            f"""Host server
  HostName {self.address}
  HostKeyAlias server
  UserKnownHostsFile {self.directory}/known_hosts
  GlobalKnownHostsFile none
  StrictHostKeyChecking yes
  IdentitiesOnly yes
  IdentityAgent none
  ConnectTimeout {round(15 * PATIENCE)}
  ConnectionAttempts 4
  KexAlgorithms curve25519-sha256
  SendEnv -*
"""
        )


class Client:
    """One account's clients. Without `password` it logs in with a key, else with the password alone."""

    def __init__(self, laptop, user, password=None, methods="password"):
        self.laptop = laptop
        self.user = user
        self.key = laptop.directory / f"{user}.key"
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(laptop.directory), "LANG": "C.UTF-8"}
        options = ["-F", str(laptop.directory / "config"), "-o", f"User={user}"]
        if password is None:
            if not self.key.exists():
                laptop.make_key(self.key)
            options += ["-o", f"IdentityFile={self.key}", "-o", "BatchMode=yes"]
        else:
            options += ["-o", f"PreferredAuthentications={methods}", "-o", "NumberOfPasswordPrompts=1"]
            self.environment.update(SSH_ASKPASS=str(self._askpass(password)), SSH_ASKPASS_REQUIRE="force", DISPLAY=":9")
        self.options = options

    def with_environment(self, variables):
        """The same person's clients with further variables."""
        other = copy.copy(self)
        other.environment = {**self.environment, **variables}
        return other

    def _askpass(self, password):
        program = self.laptop.directory / f"askpass-{self.user}-{abs(hash(password))}"
        program.write_text(f"#!/bin/sh\nprintf '%s\\n' {shlex.quote(password)}\n")
        program.chmod(0o700)
        return program

    @property
    def public_key(self):
        return self.laptop.public_half(self.key).read_text()

    # --- ssh

    def ssh_argv(self, *arguments):
        """ssh with these options before the host name and, after a "--", the command's words."""
        arguments = list(arguments)
        split = arguments.index("--") if "--" in arguments else len(arguments)
        return ["ssh", *self.options, *arguments[:split], "server", *arguments[split + 1 :]]

    def ssh(self, command=None, *options, stdin=b"", timeout=30):
        words = [] if command is None else ["--", command]
        return run(self.ssh_argv(*options, *words), stdin, timeout, self.environment)

    def background(self, command, *options):
        return Background(self.ssh_argv(*options, *([] if command is None else ["--", command])), self.environment)

    @contextlib.contextmanager
    def master(self):
        """One connection that the Client it yields shares among all its commands."""
        control = f"{self.laptop.directory}/mux-{self.user}"
        shared = Client(self.laptop, self.user)
        shared.options = [*self.options, "-o", f"ControlPath={control}"]
        with self.background(None, "-N", "-o", "ControlMaster=yes", "-o", f"ControlPath={control}") as process:
            check = self.ssh_argv("-O", "check", "-o", f"ControlPath={control}")
            wait_until(lambda: run(check, env=self.environment).status == 0, 20, f"the master of {self.user}")
            yield shared
            assert process.process.poll() is None, f"the connection ended too soon: {process.finish()}"
            run(self.ssh_argv("-O", "exit", "-o", f"ControlPath={control}"), env=self.environment).ok()
            process.process.wait(20)  # it removes its socket; killed before that, it would be in the next one's way

    @contextlib.contextmanager
    def forwarding(self, *options):
        """`ssh -N` with these options; yields the Background once the connection stands."""
        with self.background(None, "-N", "-v", "-o", "ExitOnForwardFailure=yes", *options) as process:
            wait_until(lambda: self._entered(process), 20, f"the connection of {self.user}")
            yield process

    @staticmethod
    def _entered(process):
        process.poll()
        return b"Entering interactive session" in process.err

    def describe_login(self):
        """What an account finds when it logs in, without what differs each time."""
        script = "id; hostname; pwd; umask; ulimit -a; env | sort | grep -v '^SSH_C\\|^XDG_SESSION_ID'"
        return self.ssh(script).ok().text

    # --- files

    def scp(self, *arguments, timeout=60):
        return run(["scp", "-q", *self.options, *arguments], timeout=timeout, env=self.environment)

    def sftp(self, batch, timeout=60):
        argv = ["sftp", "-q", *self.options, "-b", "-", "server"]
        return run(argv, batch.encode(), timeout, self.environment)

    def rsync(self, *arguments, timeout=60):
        transport = shlex.join(["ssh", *self.options])
        return run(["rsync", "-e", transport, *arguments], timeout=timeout, env=self.environment)


def free_port():
    """A port of this machine's loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def talk(port, data=b"", timeout=10):
    """Connects to a port of this machine, sends, and returns all that comes until the other side closes."""
    with socket.create_connection(("127.0.0.1", port), timeout) as connection:
        connection.sendall(data)
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while chunk := connection.recv(65536):
                received += chunk
        return received
