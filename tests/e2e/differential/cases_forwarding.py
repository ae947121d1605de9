# Forwarding of TCP ports: to the server's loopback, from it, and by SOCKS.
import concurrent.futures
import contextlib
import re
import socket

import service
from client import free_port
from far import LARGE, ask_there, complaints, far_service
from processes import wait_until
from socks import socks_connected
from table import Intended, Table

table = Table("forwarding")


@contextlib.contextmanager
def local_forwarding(person, target, listen="127.0.0.1"):
    """`ssh -N -L`; yields where it listens here, and the process."""
    port = free_port()
    with person.client.forwarding("-L", f"{listen}:{port}:{target}") as process:
        yield (listen.strip("[]"), port), process


@contextlib.contextmanager
def remote_forwarding(person, target=None, address=""):
    """`ssh -N -R` with a port that sshd chooses; yields that port, and the process.

    sshd lets the kernel choose a port of ::1 and then takes the same one of 127.0.0.1; when a connection of somebody's
    has that one, sshd is content with ::1 (channel_setup_fwd_listener_tcpip of channels.c). Then it is asked again.
    """
    asked = f"{address}0" + (f":{target}" if target else "")
    for _ in range(5):
        with person.client.forwarding("-R", asked) as process:
            there = _remote_port(process)
            if person.text(f"ss -Hltn 'sport = :{there}' | wc -l") == "2":
                yield there, process
                return
    raise AssertionError("sshd listens at one of the two loopback addresses only, five times in a row")


def _remote_port(process):
    pattern = rb"Allocated port (\d+) for remote forward"
    return int(wait_until(lambda: process.poll() or re.search(pattern, process.err), 10, "a port").group(1))


# --- ssh -L


@table.case("-L to 127.0.0.1: both directions, and whom the service sees")
def _(person):
    with far_service(person) as port, local_forwarding(person, f"127.0.0.1:{port}") as (here, _):
        return [service.ask(here, "echo", b"one\ntwo\n"), service.ask(here, "addresses"), service.ask(here, "send 5")]


@table.case("-L to ::1")
def _(person):
    with far_service(person, "::1") as port, local_forwarding(person, f"[::1]:{port}") as (here, _):
        return [service.ask(here, "echo", b"six\n"), service.ask(here, "addresses")]


@table.case("-L to localhost, whichever of the two it is")
def _(person):
    answers = []
    for place in ("127.0.0.1", "::1"):
        with far_service(person, place) as port, local_forwarding(person, f"localhost:{port}") as (here, _):
            answers.append(service.ask(here, "addresses"))
    return answers


@table.case("-L that listens on ::1 here")
def _(person):
    with far_service(person) as port, local_forwarding(person, f"127.0.0.1:{port}", "[::1]") as (here, _):
        return service.ask(here, "echo", b"from six to four\n")


@table.case("-L to the server's own name")
def _(person):
    with far_service(person, "0.0.0.0") as port, local_forwarding(person, f"{person.text('hostname')}:{port}") as (
        here,
        _,
    ):
        by_name = service.ask(here, "addresses").decode().split(" asks ")
        return {"itself": by_name[0] == by_name[1], "its address": by_name[1] == person.text("hostname -i")}


@table.case("-L to a name that only the server's /etc/hosts has")
def _(person):
    person.ssh("echo 127.0.0.1 only-there | sudo tee -a /etc/hosts")
    try:
        with far_service(person) as port, local_forwarding(person, f"only-there:{port}") as (here, process):
            return [service.ask(here, "addresses"), complaints(process)]
    finally:
        # A container's /etc/hosts is a mount: it can be written, and not replaced.
        person.ssh("sed /only-there/d /etc/hosts >hosts; sudo cp hosts /etc/hosts; rm hosts")


@table.case("-L to a name that nobody has")
def _(person):
    with local_forwarding(person, "no-such-name.invalid:80") as (here, process):
        return [service.ask(here, "echo"), complaints(process)]


@table.case("-L to a port that nobody listens on")
def _(person):
    with local_forwarding(person, "127.0.0.1:9") as (here, process):
        return [service.ask(here, "echo"), complaints(process), service.ask(here, "echo")]


@table.case("-L to a service that resets the connection")
def _(person):
    with far_service(person) as port, local_forwarding(person, f"127.0.0.1:{port}") as (here, process):
        return [service.ask(here, "reset"), service.ask(here, "echo", b"still there\n"), complaints(process)]


@table.case("-L: one half of the connection ends before the other")
def _(person):
    with far_service(person) as port, local_forwarding(person, f"127.0.0.1:{port}") as (here, _):
        return service.ask(here, "digest", b"the end of this half makes it answer")


@table.case("-L: 20 MB each way")
def _(person):
    with far_service(person) as port, local_forwarding(person, f"127.0.0.1:{port}") as (here, _):
        return [service.ask(here, "digest", service.pattern(LARGE)), service.ask(here, f"send {LARGE}")]


@table.case("-L: 50 connections at once")
def _(person):
    with far_service(person) as port, local_forwarding(person, f"127.0.0.1:{port}") as (here, _):
        open_ones = [service.connected(here) for _ in range(50)]
        with concurrent.futures.ThreadPoolExecutor(50) as pool:
            texts = [service.pattern(1000 + number) for number in range(50)]
            return list(pool.map(lambda one, text: service.ask(one, "digest", text), open_ones, texts))


@table.case("-L to a port that is taken here")
def _(person):
    with service.running("127.0.0.1") as port:
        seen = person.ssh("true", "-o", "ExitOnForwardFailure=yes", "-L", f"127.0.0.1:{port}:127.0.0.1:9")
        return {**seen, "err": seen["err"].replace(str(port), "PORT")}


@table.case("-W: the connection as ssh's own input and output")
def _(person):
    with far_service(person) as port:
        there = person.local(*person.client.ssh_argv("-W", f"127.0.0.1:{port}"), stdin=b"echo\nby -W\n")
        nobody = person.local(*person.client.ssh_argv("-W", "127.0.0.1:9"))
    return [there, nobody]


# --- ssh -R


@table.case("-R with a port that the server chooses")
def _(person):
    with service.running("127.0.0.1") as port, remote_forwarding(person, f"127.0.0.1:{port}") as (there, _):
        return [ask_there(person, f"{place}:{there}", "addresses") for place in ("127.0.0.1", "::1")]


@table.case("-R on a port that is given, then free again")
def _(person):
    ports = []
    with service.running("127.0.0.1") as port:
        with remote_forwarding(person, f"127.0.0.1:{port}") as (there, _):
            pass
        for _ in range(2):
            wait_until(
                lambda: person.ssh("true", "-o", "ExitOnForwardFailure=yes", "-R", f"{there}:[::1]:1")["status"] == 0
            )
            with person.client.forwarding("-R", f"{there}:127.0.0.1:{port}"):
                ports.append(ask_there(person, f"127.0.0.1:{there}", "addresses"))
    return ports


@table.case("-R: 20 MB out of the account")
def _(person):
    script = f"head -c {LARGE} /dev/zero | tr '\\0' r | (echo digest; cat) | nc -N 127.0.0.1 "
    with service.running("127.0.0.1") as port, remote_forwarding(person, f"127.0.0.1:{port}") as (there, _):
        return [person.ssh(script + str(there)), ask_there(person, f"127.0.0.1:{there}", "send", str(LARGE))]


@table.case("-R to a port that nobody listens on here")
def _(person):
    with remote_forwarding(person, f"127.0.0.1:{free_port()}") as (there, process):
        answer = ask_there(person, f"127.0.0.1:{there}", "echo")
        wait_until(lambda: complaints(process), 10, "ssh's complaint")
        return [answer, [re.sub(r"port \d+", "port N", line) for line in complaints(process)]]


@table.case("-R for the whole network is made for the loopback alone")
def _(person):
    with remote_forwarding(person, f"127.0.0.1:{free_port()}", "0.0.0.0:") as (there, _):
        return person.ssh(f"ss -Hltn 'sport = :{there}' | awk '{{print $4}}' | sed s/:{there}$// | sort")


@table.case("-R on a port that is taken there")
def _(person):
    with far_service(person) as port:
        seen = person.ssh("echo on", "-o", "ExitOnForwardFailure=no", "-R", f"{port}:127.0.0.1:9")
        strict = person.ssh("echo on", "-o", "ExitOnForwardFailure=yes", "-R", f"{port}:127.0.0.1:9")
    return [{**one, "err": one["err"].replace(str(port), "PORT")} for one in (seen, strict)]


@table.case(
    "-R on a privileged port",
    Intended(
        "the ports of a container are its user's own, the low ones too",
        lambda a, b: a["out"] == b["out"] == "on\n" and "forwarding failed" in a["err"] and b["err"] == "",
    ),
)
def _(person):
    return person.ssh("echo on", "-R", "81:127.0.0.1:9")


@table.case("-R without a target: SOCKS for programs in the account")
def _(person):
    with service.running("127.0.0.1") as port, remote_forwarding(person) as (there, _):
        proxy = f"--socks5-hostname 127.0.0.1:{there}"
        # curl's telnet:// sends its input and prints what comes.
        return person.ssh(f"curl -sS --max-time 5 {proxy} telnet://localhost:{port}", stdin=b"send 5\n")


# --- ssh -D


@contextlib.contextmanager
def proxy(person):
    port = free_port()
    with person.client.forwarding("-D", f"127.0.0.1:{port}") as process:
        yield port, process


@table.case("-D to addresses and names of the server's")
def _(person):
    with far_service(person) as four, far_service(person, "::1") as six, proxy(person) as (socks, _):
        targets = (("127.0.0.1", four), ("localhost", four), ("::1", six))
        return [service.ask(socks_connected(socks, *target), "addresses") for target in targets]


@table.case("-D to a port that nobody listens on")
def _(person):
    with proxy(person) as (socks, process):
        try:
            return socks_connected(socks, "127.0.0.1", 9)
        except OSError:
            return ["refused", complaints(process)]


@table.case("-D: 20 connections at once")
def _(person):
    with far_service(person) as port, proxy(person) as (socks, _), concurrent.futures.ThreadPoolExecutor(20) as pool:

        def answered(number):
            return service.ask(socks_connected(socks, "localhost", port), "digest", service.pattern(number))

        return list(pool.map(answered, range(0, 200_000, 10_000)))


# --- while the connection stands


@table.case("forwardings added to and taken from a connection that stands")
def _(person):
    port = free_port()
    with far_service(person) as there, person.client.master() as shared:
        forward = ["-L", f"127.0.0.1:{port}:127.0.0.1:{there}"]
        seen = [person.local(*shared.ssh_argv("-O", "forward", *forward)), service.ask(port, "send 3")]
        seen.append(person.local(*shared.ssh_argv("-O", "cancel", *forward)))
        with socket.socket() as refused:
            seen.append(refused.connect_ex(("127.0.0.1", port)))
        return seen


@table.case("a forwarding outlives the command that was asked with it")
def _(person):
    port = free_port()
    with far_service(person) as there:
        options = ("-L", f"127.0.0.1:{port}:127.0.0.1:{there}")
        with person.client.background("echo done", *options) as process, service.connected(_when_up(port)) as held:
            process.expect(b"done")
            held.sendall(b"echo\nthrough\n")
            seen = [held.makefile("rb").readline(), process.process.poll()]
            held.shutdown(socket.SHUT_WR)
            return [*seen, process.finish().status]


def _when_up(port):
    """The port, when something listens on it."""

    def listens():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    wait_until(listens, 10, "the forwarding", 0.02)
    return port
