# The test host that a bench measures on: made for it, or found when it was kept.
import contextlib
import os
import pathlib
import shutil

from client import Laptop
from server import TESTHOST, Server


def add_options(parser, name):
    parser.add_argument("--name", default=name, help="prefix of the server's name; runs at the same time need two")
    parser.add_argument("--keep", action="store_true", help="leave the server running, and use it when it runs already")


@contextlib.contextmanager
def bench_host(options, set_up, part=""):
    """Server and Laptop; `set_up(server, laptop)` makes of a fresh server what the bench wants."""
    name = f"{options.name}{part}-{options.release}"
    # To be asked whether a key would do is a failure to sshd, which it stretches to 5 to 9 ms, for each account another time
    # (auth2.c, user_specific_delay).
    laptop = Laptop(pathlib.Path(f"/tmp/labgpu-{name}"), asks_first=False)
    server = Server(name, options.release, options.packages.resolve(), TESTHOST)
    processors = os.sched_getaffinity(0)
    try:
        if not (options.keep and server.exists()):
            shutil.rmtree(laptop.directory, ignore_errors=True)
            laptop.directory.mkdir(mode=0o700)
            server.up()
            set_up(server, laptop)
        laptop.address = server.address()
        yield server, laptop
    finally:
        os.sched_setaffinity(0, processors)
        if not options.keep:
            server.down()
            shutil.rmtree(laptop.directory, ignore_errors=True)


# Where every moment counts, half of the processors are the server's and half the clients', which are this process's: who runs
# where is no chance then. Both halves of a transfer still run at the same time, as they do on two machines.


def give_half(server):
    """Before the server has containers: they get theirs of what it has then."""
    processors = sorted(os.sched_getaffinity(0))
    half = processors[: len(processors) // 2] or processors
    server.testhost("processors", server.name, ",".join(map(str, half))).ok()


def take_other_half():
    processors = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, processors[len(processors) // 2 :])


def install_labgpu(server, laptop):
    """As README.md says."""
    server.prepare()
    laptop.meet(server)
    server.install().ok()
    server.load_user_image()
    server.labgpu("setup").ok()


def machine_text(server):
    versions = "docker version -f 'Docker {{.Server.Version}}'; dpkg-query -W -f 'OpenSSH ${Version}' openssh-server"
    facts = server.sh(f"uname -srm; {versions}")
    return f"Debian {server.release}, {', '.join(facts.text.splitlines())}, {os.cpu_count()} processors"
