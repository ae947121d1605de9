# paramiko: ssh and sftp as Python programs use them.
import contextlib
import re
import stat

import paramiko

import service
from far import far_service
from processes import wait_until
from table import Table

table = Table("paramiko")


@contextlib.contextmanager
def connected(person):
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    client.connect(
        person.client.laptop.address,
        username=person.name,
        key_filename=str(person.client.key),
        timeout=20,
        look_for_keys=False,
        allow_agent=False,
    )
    with contextlib.closing(client):
        yield client


def tried(action, *arguments):
    try:
        return action(*arguments)
    except OSError as error:
        return str(error)


@table.case("exec_command: output, errors, status and signal")
def _(person):
    seen = []
    with connected(person) as client:
        for command in (
            "echo out; echo err >&2; exit 7",
            "cat",
            "kill -TERM $$",
            "no-such-program",
            "head -c 3000000 /dev/zero",
        ):
            stdin, stdout, stderr = client.exec_command(command, timeout=20)
            if command == "cat":
                stdin.write("given\n")
            stdin.channel.shutdown_write()
            out = stdout.read()
            seen.append([out if len(out) < 1000 else len(out), stderr.read(), stdout.channel.recv_exit_status()])
    return seen


@table.case("exec_command with a terminal")
def _(person):
    with connected(person) as client:
        _, stdout, stderr = client.exec_command(
            "tty | sed 's/[0-9]*$//'; stty size; echo $TERM; echo err >&2", get_pty=True, timeout=20
        )
        return [stdout.read(), stderr.read(), stdout.channel.recv_exit_status()]


@table.case("exec_command with an environment")
def _(person):
    with connected(person) as client:
        _, stdout, _ = client.exec_command("echo $LC_TEST $FORBIDDEN", environment={"LC_TEST": "sent"}, timeout=20)
        return [stdout.read(), stdout.channel.recv_exit_status()]


@table.case("invoke_shell: what is typed, the size, the end")
def _(person):
    with connected(person) as client:
        channel = client.invoke_shell(term="vt100", width=101, height=31)
        channel.settimeout(20)
        text = b""
        channel.sendall(b"echo size $(stty size) $TERM end-1; exit 3\n")
        while chunk := channel.recv(65536):
            text += chunk
        return [re.findall(rb"size \d+ \d+ \w+ end-1", text), channel.recv_exit_status()]


@table.case("invoke_shell: resized while it runs")
def _(person):
    with connected(person) as client:
        channel = client.invoke_shell(width=80, height=24)
        channel.settimeout(20)
        text = b""

        def until(wanted):
            nonlocal text
            while wanted not in text:
                text += channel.recv(65536)

        channel.sendall(b"trap 'echo now $(stty size) end-2' WINCH; echo read''y\n")
        until(b"ready\r\n")
        channel.resize_pty(width=132, height=43)
        until(b" end-2\r\n")
        return re.findall(rb"now \d+ \d+ end-2", text)


@table.case("sftp: files, attributes, times, links and errors")
def _(person):
    with person.folders(), connected(person) as client, client.open_sftp() as sftp:
        sftp.chdir("work")
        with sftp.open("file", "w") as file:
            file.write("0123456789" * 1000)
            file.flush()
            file.seek(0)
        with sftp.open("file", "r+") as file:
            file.seek(5)
            file.write(b"changed")
        sftp.chmod("file", 0o640)
        sftp.truncate("file", 15)
        sftp.utime("file", (1_000_000_000, 1_000_000_001))
        sftp.symlink("file", "link")
        sftp.mkdir("folder", 0o700)
        sftp.posix_rename("file", "folder/moved")
        found = sftp.stat("folder/moved")
        with sftp.open("folder/moved") as file:
            text = file.read()
        errors = [
            tried(sftp.stat, "none"),
            tried(sftp.mkdir, "folder"),
            tried(sftp.open, "/etc/shadow"),
            tried(sftp.rmdir, "folder"),
        ]
        names = sorted(
            (entry.filename, stat.filemode(entry.st_mode), str(entry.st_uid)) for entry in sftp.listdir_attr()
        )
        return [
            sftp.getcwd(),
            text,
            found.st_size,
            found.st_atime,
            found.st_mtime,
            sftp.readlink("link"),
            names,
            errors,
        ]


@table.case("sftp: 5 MB written in pieces and read ahead")
def _(person):
    data = service.pattern(5_000_000)
    with person.folders(), connected(person) as client, client.open_sftp() as sftp:
        with sftp.open("work/large", "wb") as file:
            file.set_pipelined(True)
            file.write(data)
        with sftp.open("work/large", "rb") as file:
            file.prefetch()
            same = file.read() == data
        return [same, person.text("wc -c <work/large")]


@table.case("get_transport: a direct channel, 20 sessions, a keep-alive")
def _(person):
    with far_service(person) as port, connected(person) as client:
        transport = client.get_transport()
        transport.set_keepalive(1)
        direct = transport.open_channel("direct-tcpip", ("127.0.0.1", port), ("127.0.0.1", 0), timeout=20)
        direct.sendall(b"send 10\n")
        seen = [direct.recv(100), transport.is_authenticated(), transport.remote_version.split("-")[1]]
        channels = [transport.open_session(timeout=20) for _ in range(20)]
        for number, channel in enumerate(channels):
            channel.exec_command(f"exit {number}")
        return [*seen, [channel.recv_exit_status() for channel in channels]]


@table.case("get_transport: a forwarding that the server listens for")
def _(person):
    with connected(person) as client:
        transport = client.get_transport()
        port = transport.request_port_forward("127.0.0.1", 0)
        _, stdout, _ = client.exec_command(f"echo through | nc -N 127.0.0.1 {port}", timeout=20)
        channel = transport.accept(20)
        seen = [channel.recv(100), channel.origin_addr[0] if channel.origin_addr else None]
        channel.sendall(b"answer\n")
        channel.close()
        return [
            *seen,
            stdout.read(),
            wait_until(stdout.channel.exit_status_ready) and stdout.channel.recv_exit_status(),
        ]
