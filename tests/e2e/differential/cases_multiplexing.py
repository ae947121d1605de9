# Many sessions on one connection, connections without a session, and connections through the account.
import concurrent.futures
import contextlib
import pathlib
import shlex
import signal

import pytest

from client import free_port, talk
from processes import Background, wait_until
from table import Table
from terminal import SHELL, Terminal

table = Table("many on one connection")

MAX_SESSIONS = 40  # of the server's sshd (server.py)


def control(person, *words):
    """`ssh -O WORDS` for the person's shared connection."""
    return person.local(*person.client.ssh_argv("-O", *words, "-o", f"ControlPath={path(person)}"))


def path(person):
    return f"{person.client.laptop.directory}/mux-{person.name}"


@table.case("fifty commands, thirty at a time")
def fifty(person):
    with person.client.master() as shared, concurrent.futures.ThreadPoolExecutor(30) as pool:
        results = pool.map(lambda i: shared.ssh(f"cat; echo {i} >&2; exit {i}", stdin=b"%d" % i), range(50))
        return [(result.status, result.out, result.err) for result in results]


@table.case("more sessions than the server allows")
def too_many(person):
    with person.client.master() as shared, contextlib.ExitStack() as open_ones:
        for _ in range(MAX_SESSIONS):
            session = open_ones.enter_context(shared.background("echo there; cat"))
            session.expect(b"there")
        # Without falling back to a connection of its own, which ssh does when the master refuses.
        refused = person.local(*shared.ssh_argv("-o", "ProxyCommand=false", "--", "echo one more"))
        session.finish()
        wait_until(lambda: shared.ssh("true", "-o", "ProxyCommand=false").status == 0, 10, "room for one more")
        return refused


@table.case("terminals and commands share it")
def mixed(person):
    with person.client.master() as shared:
        with Terminal(shared, SHELL) as one, Terminal(shared, SHELL, rows=11, columns=22) as other:
            one.prompt()
            other.prompt()
            sizes = [one.ask("stty size"), other.ask("stty size")]
            other.ssh.setwinsize(33, 44)
            wait_until(lambda: other.ask("stty size") == "33 44", 10, "the new size")
            one.ssh.sendeof()
            end = one.rest()["status"]
            return sizes, end, other.ask("echo goes on"), shared.ssh("tty").text


@table.case("the end of one leaves the others")
def one_ends(person):
    with person.client.master() as shared, shared.background("echo up; cat; echo end") as staying:
        staying.expect(b"up")
        with shared.background("echo up; sleep 20") as killed:
            killed.expect(b"up")
        status = shared.ssh("kill -9 $$").status
        staying.send(b"still\n")
        staying.expect(b"still")
        result = staying.finish()
        return status, result.status, result.out


@table.case("the end of the master ends all")
def master_ends(person):
    options = ["-o", "ControlMaster=yes", "-o", f"ControlPath={path(person)}"]
    with person.client.background("echo up; cat", *options) as master:
        master.expect(b"up")
        shared = person.client.ssh_argv("-o", f"ControlPath={path(person)}", "--", "echo $$; exec sleep 7100")
        with Background(shared, person.client.environment) as session:
            session.expect(b"\n")
            master.process.send_signal(signal.SIGKILL)
            result = session.finish()
    pathlib.Path(path(person)).unlink()  # a master that is killed leaves it
    left = person.ssh("pgrep -u $USER -fxc 'sleep 7100'; pkill -u $USER -fx 'sleep 7100'")
    return result.status, result.err, left


@table.case("-O stop and -O exit")
def stop_and_exit(person):
    options = ["-o", "ControlMaster=yes", "-o", f"ControlPath={path(person)}", "-N"]
    with person.client.background(None, *options) as master:
        wait_until(lambda: control(person, "check")["status"] == 0, 20, "the master")
        shared = person.client.ssh_argv("-o", f"ControlPath={path(person)}", "--", "echo up; cat; exit 7")
        with Background(shared, person.client.environment) as session:
            session.expect(b"up")
            said = [control(person, "stop"), control(person, "check")["status"]]
            status = session.finish().status
        return said, status, master.finish().status


@table.case("ControlPersist: the connection stays for the next command, and ends")
def persist(person):
    options = ["-o", "ControlMaster=auto", "-o", f"ControlPath={path(person)}", "-o", "ControlPersist=60"]
    first = person.client.ssh("echo $SSH_CONNECTION", *options).ok().text
    again = person.client.ssh("echo $SSH_CONNECTION", *options).ok().text
    ended = control(person, "exit")
    other = person.client.ssh("echo $SSH_CONNECTION").ok().text
    return first == again, first != other, ended


@table.case("forwardings come and go on it")
def forwardings(person):
    with person.client.master():
        port = free_port()
        listener = f"{port}:{person.client.laptop.address}:22"
        added = control(person, "forward", "-L", listener)
        answer = talk(port, b"no ssh\r\n")
        gone = control(person, "cancel", "-L", listener)
        with pytest.raises(ConnectionRefusedError):
            talk(port)
        return added, answer, gone


@table.case("-N has no session")
def no_session(person):
    with person.client.forwarding() as connection:
        processes = person.ssh("pgrep -u $(id -u) -xc bash; :")
        connection.process.terminate()
        return processes, connection.finish().status


@table.case("-f goes to the background")
def background(person):
    with person.folders():
        # Its standard error stays open until the command has ended.
        seen = person.ssh("echo out; sleep 0.5; echo done >work/file", "-f")
        wait_until(lambda: person.client.ssh("cat work/file").text == "done", 10, "the command's end")
        return seen


@table.case("-W is a connection from the account")
def stdio_forwarding(person):
    ssh = [*person.client.ssh_argv("-W", f"{person.client.laptop.address}:22")]
    nobody = [*person.client.ssh_argv("-W", "127.0.0.1:1")]
    return person.local(*ssh, stdin=b"quit\r\n")["out"][:7], person.local(*nobody)


@table.case("ProxyJump through the account")
def jump(person):
    """To the server's own root, by an address that a host and a container both reach."""
    laptop = person.client.laptop
    through = shlex.join(person.client.ssh_argv("-W", "%h:%p"))
    argv = ["ssh", "-F", str(laptop.directory / "config"), "-o", f"ProxyCommand={through}", "-o", "User=root"]
    argv += ["-o", f"IdentityFile={laptop.directory}/root.key", "-o", "BatchMode=yes"]
    peer = person.local(*argv, "server", "id -un; cat; exit 5", stdin=b"input")
    much = person.local(*argv, "server", "head -c 20000000 /dev/zero | md5sum; head -c 3000000 /dev/zero", timeout=60)
    return peer, len(much["out"])


@table.case("a jump and a copy")
def jump_copy(person):
    laptop = person.client.laptop
    through = shlex.join(person.client.ssh_argv("-W", "%h:%p"))
    with person.folders() as (local, _):
        (local / "file").write_bytes(bytes(range(256)) * 4000)
        argv = ["scp", "-q", "-F", str(laptop.directory / "config"), "-o", f"ProxyCommand={through}", "-o", "User=root"]
        argv += ["-o", f"IdentityFile={laptop.directory}/root.key", "-o", "BatchMode=yes"]
        there = f"server:/var/tmp/copy-{person.name}"
        up = person.local(*argv, local / "file", there)
        down = person.local(*argv, there, local / "back")
        return up, down, (local / "back").read_bytes() == (local / "file").read_bytes()
