# Logins to a host account and to labgpu's, in turns, under the kernel's eyes; prints what each part of them took.
import argparse
import json
import pathlib
import random
import statistics
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1] / "e2e")]

import program_start  # noqa: E402  (after the path)
import rows as r  # noqa: E402
from client import Client  # noqa: E402
from host import add_options, bench_host, install_labgpu, machine_text  # noqa: E402
from kernel_trace import seen_from_here, tracing  # noqa: E402
from measuring import open_sessions  # noqa: E402
from people import add_user  # noqa: E402
from processes import wait_until  # noqa: E402
from rows import AGAIN, HOST, LABGPU, Row  # noqa: E402
from timeline import PROBES, SESSION_COMMAND, Login  # noqa: E402

NAME = "inside"
COMPARED = {HOST, AGAIN, LABGPU}
ACCOUNTS = {HOST: "plain", AGAIN: "again", LABGPU: "boxed"}
MODULE = "usr/lib/x86_64-linux-gnu/security/pam_labgpu.so"


def arguments():
    parser = argparse.ArgumentParser(prog="run")
    parser.add_argument("release", choices=["bookworm", "trixie"])
    parser.add_argument("packages", type=pathlib.Path)
    parser.add_argument("logins", type=int, nargs="?", default=100)
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write the rows there too")
    parser.add_argument("--calls", action="store_true", help="show the system calls of each part instead of the rows")
    add_options(parser, "inside")
    return parser.parse_args()


def main():
    options = arguments()
    with bench_host(options, set_up) as (server, laptop):
        traced, clients, _ = begin(server, laptop)
        if options.calls:
            show_calls(logins(traced, clients, options.logins, calls=True)[LABGPU])
        else:
            report(rows(logins(traced, clients, options.logins), traced), server, options.json)


def begin(server, laptop, short=False):
    clients = {way: Client(laptop, user) for way, user in ACCOUNTS.items()}
    return Traced(server), clients, 6 if short else 100


def set_up(server, laptop):
    install_labgpu(server, laptop)
    for way in (HOST, AGAIN):
        user = ACCOUNTS[way]
        server.sh(f"useradd -m -s /bin/bash {user}")
        server.write(f"/home/{user}/.ssh/authorized_keys", Client(laptop, user).public_key.encode(), "600", user)
    add_user(server, laptop, ACCOUNTS[LABGPU]).ssh("true").ok()


class Traced:
    """The processes of the server that a login has to do with, by the ids that the kernel gave them."""

    def __init__(self, server):
        self.host = int(server.testhost("pid", server.name).ok().text)
        sshd = server.sh("systemctl show -p MainPID --value ssh").text
        self.listener = seen_from_here(self.host, sshd)
        self.helper = seen_from_here(self.host, server.helper_pid())
        self.init = seen_from_here(self.host, server.init_pid(ACCOUNTS[LABGPU]))
        self.module = f"/proc/{self.host}/root/{MODULE}"

    def processes(self):
        return [self.listener, self.helper, self.init]

    def connections(self):
        return pathlib.Path(f"/proc/{self.listener}/task/{self.listener}/children").read_text().split()


def logins(traced, clients, count, calls=False):
    """That many Logins of each way, one of each in a round, in another order each time."""
    found = {way: [] for way in clients}
    order = list(clients)
    with open_sessions(clients.values()):
        open_ones = traced.connections()

        def log_in(client):
            client.ssh("true").ok()
            wait_until(lambda: traced.connections() == open_ones, what="the end of sshd's processes", step=0.01)

        with tracing(traced.processes(), (traced.module, PROBES), calls) as trace:
            for number in range(-2, count):
                random.shuffle(order)
                for way in order:
                    events = trace.record(lambda way=way: log_in(clients[way]))
                    if number >= 0:
                        found[way].append(Login(events, traced.listener, traced.processes()))
    return found


def rows(found, traced):
    boxed = found[LABGPU]
    alone = {
        "PAM account": lambda login: login.module("account"),
        "PAM open_session": lambda login: login.module("open"),
        "PAM setcred, the login view with it": lambda login: login.module("setcred"),
        "session command, its execve to the shell's": Login.session_to_shell,
        "the shell's end to the session command's": Login.shell_to_end,
        "PAM close_session": lambda login: login.module("close"),
        "processor time of labgpud": lambda login: login.processor(traced.helper),
        "processor time of labgpu-init": lambda login: login.processor(traced.init),
    }
    for work, part in alone.items():
        yield Row(work, "ms", "", None, "value", {LABGPU: [part(login) for login in boxed]})
    compared = {
        "PAM module, all calls before the shell": (in_module, "", None),
        "sshd's fork to the shell's execve": (Login.fork_to_shell, "", None),
        "added before the shell": (lambda login: in_module(login) + login.fork_to_shell(), "≤ 1.5 ms", 1.5),
        "sshd's connection to the shell's execve": (Login.before_the_shell, "", None),
        "processor time of all processes": (Login.processor, "", None),
    }
    for work, (part, goal, limit) in compared.items():
        samples = {way: [part(login) for login in found[way]] for way in found}
        yield Row(work, "ms", goal, limit, "difference", samples)


def in_module(login):
    return sum(map(login.module, ("account", "setcred", "open")))


def report(measured, server, json_file):
    measured = list(measured)
    machine = machine_text(server)
    print(f"{machine}, {len(measured[0].samples[LABGPU])} logins each; milliseconds: median, p95")
    print(f"{program_start.describe(server.read(SESSION_COMMAND))}\n")
    print(f"{'':44}{'host':>16}{'host again':>16}{'labgpu':>16}{'added':>9}")
    for row in measured:
        cells = [f"{r.median(row, way):8.3f}{r.p95(row, way):8.3f}" if way in row.samples else "" for way in ACCOUNTS]
        added = f"{r.difference(row, LABGPU):9.3f}" if HOST in row.samples else f"{'':9}"
        judged = f"  {row.goal}: {r.verdict(row)}" if row.goal else ""
        print(f"{row.work:44}{cells[0]:>16}{cells[1]:>16}{cells[2]:>16}{added}{judged}".rstrip())
    if json_file:
        found = {"machine": machine, "rows": [r.to_json(row) for row in measured]}
        json_file.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


def show_calls(boxed):
    """Medians; the times are those of a kernel that writes every call down."""
    parts = {f"PAM {name}": lambda login, name=name: list(login.spans(name)) for name in PROBES}
    parts["session command"] = lambda login: [(login.session.at, login.shell.at, login.session.process)]
    for part, spans in parts.items():
        called = [_merged(login.calls(*span) for span in spans(login)) for login in boxed]
        print(part)
        for name in sorted({name for one in called for name in one}):
            number = statistics.median(one.get(name, (0, 0))[0] for one in called)
            time = statistics.median(one.get(name, (0, 0))[1] for one in called)
            print(f"  {name:28}{number:5.0f}{time:9.3f} ms")


def _merged(counts):
    total = {}
    for one in counts:
        for name, (number, time) in one.items():
            before = total.get(name, (0, 0))
            total[name] = (before[0] + number, before[1] + time)
    return total


if __name__ == "__main__":
    main()
