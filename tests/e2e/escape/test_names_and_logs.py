# Texts that break out of where they are put: names, settings and keys that an administrator was talked into giving, and
# what a client can have written into logs and tables.
import contextlib
import json

import paramiko
import pytest

from processes import run

pytestmark = pytest.mark.thorough

EVIL = {
    "formats": "%s%n%s%n%x",
    "a line": "x\nNov 28 12:00:00 host sshd[1]: Accepted publickey for root",
    "a parent": "..",
    "a path up": "../../../../etc/passwd",
    "a path": "/etc/passwd",
    "a long text": "a" * 9000,
    "bytes that are no text": b"\xff\xfe\xc3".decode(errors="surrogateescape"),
    "an option": "-x",
    "a terminal's commands": "\x1b[2J\x1b]0;owned\x07x",
    "a command": "$(touch /var/tmp/e2e-escaped)",
    "a quote": "'\";|&",
    "a colon": "root:x:0:0:",
    "a right-to-left mark": "abc\u202etxt",
    "nothing": "",
    "a deletion": "x\x7f\x08\x08",
}

# Where the text goes -> the command's words; what may be taken is looked at, what is refused must change nothing.
FIELDS = {
    "a name": lambda evil: ["user", "add", "--", evil],
    "a name that is looked for": lambda evil: ["user", "show", "--", evil],
    "a name whose sessions are ended": lambda evil: ["kill", "--", evil],
    "a name that is removed": lambda evil: ["user", "remove", "--yes", "--", evil],
    "a name that is started": lambda evil: ["start", "--", evil],
    "an image": lambda evil: ["user", "set", "mallory", f"image={evil}"],
    "a host's name": lambda evil: ["user", "set", "mallory", f"hostname={evil}"],
    "a container's name": lambda evil: ["user", "set", "mallory", f"container_name={evil}"],
    "a mount": lambda evil: ["user", "set", "mallory", f"mounts={evil}"],
    "a mount's target": lambda evil: ["user", "set", "mallory", f"mounts=/srv:{evil}"],
    "a port": lambda evil: ["user", "set", "mallory", f"ports={evil}"],
    "a capability": lambda evil: ["user", "set", "mallory", f"cap_add={evil}"],
    "a limit": lambda evil: ["user", "set", "mallory", f"memory={evil}"],
    "a setting": lambda evil: ["user", "set", "mallory", f"{evil}=x"],
    "a fingerprint": lambda evil: ["key", "remove", "mallory", "--", evil],
}
# A word that clears the setting, or that a setting may have, is no attack.
CLEARED = ("a limit", "an image", "a host's name", "a container's name", "a mount", "a port", "a capability")
HARMLESS = {(field, "nothing") for field in CLEARED}


def assert_printable(result):
    """Nothing in it that drives a terminal or begins a line of its own."""
    for stream in (result.out, result.err):
        text = stream.decode()  # and it is UTF-8
        assert not [c for c in text if (ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160], result
        assert not [line for line in text.splitlines() if line.startswith("Nov 28 12:00:00")], result


@pytest.mark.parametrize("field", FIELDS)
def test_a_text_that_the_administrator_is_given(server, mallory, journal, no_marker, field):
    before = server.state(), server.login_files(), server.labgpu("user", "list").ok().out
    for what, evil in EVIL.items():
        if (field, what) in HARMLESS:
            continue
        result = server.labgpu(*FIELDS[field](evil))
        assert result.status in range(1, 126), (what, result)
        assert_printable(result)
    assert (server.state(), server.login_files(), server.labgpu("user", "list").ok().out) == before
    assert "Nov 28 12:00:00" not in "\n".join(line[:20] for line in journal.text().splitlines())


@pytest.mark.parametrize("field", ["name", "image", "message"])
def test_a_nul_byte_in_a_call(server, mallory, field):
    """Command lines have none; a Varlink call may."""
    call = {
        "name": ("AddUser", {"name": "mallory\0root"}),
        "image": ("SetUser", {"name": "mallory", "assignments": ["image=x\0y"]}),
        "message": ("StartMaintenance", {"message": "a\0b\nc\x1b[2J"}),
    }[field]
    before = server.state()
    text = json.dumps({"method": f"org.labgpu.{call[0]}", "parameters": call[1]})
    program = (
        "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect('/run/labgpu/org.labgpu');"
        "s.sendall(sys.argv[1].encode() + b'\\0'); print(s.recv(65536))"
    )
    answer = server.testhost("exec", server.name, "python3", "-c", program, text).ok().text
    try:
        assert '"error"' in answer or field == "message", answer
        shown = server.labgpu("maintenance")
        assert_printable(shown)
    finally:
        server.labgpu("maintenance", "off").ok()
    assert server.state() == before


COMMENT = "x\x1b[2J\x1b]0;owned\x07 %s%n"


def test_the_comment_of_a_key(server, laptop, mallory):
    key = laptop.directory / "comment.key"
    for file in laptop.directory.glob("comment.key*"):
        file.unlink()
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "c", "-f", key]).ok()
    kind, blob, _ = key.with_suffix(".key.pub").read_text().split()
    added = server.labgpu("key", "add", "mallory", "-", stdin=f"{kind} {blob} {COMMENT}\n".encode())
    listed = server.labgpu("key", "list", "mallory").ok()
    assert_printable(added)
    assert_printable(listed)
    fingerprint = run(["ssh-keygen", "-lf", key]).ok().text.split()[1]
    if added.status == 0:
        assert fingerprint in listed.text, "the key is not shown at all"
        server.labgpu("key", "remove", "mallory", fingerprint).ok()


def test_a_real_name(server, mallory):
    for what, evil in EVIL.items():
        result = server.labgpu("user", "add", "eve", "--real-name", evil)
        assert_printable(result)
        for command in ("labgpu user list", "labgpu user show mallory", "getent passwd"):
            assert_printable(server.try_sh(command))
        assert [line for line in server.sh("getent passwd").text.splitlines() if line.count(":") != 6] == [], what
        if result.status == 0:
            server.labgpu("user", "remove", "--yes", "eve").ok()
            server.sh("rm -rf /home/eve")


# --- what a client can have written somewhere

FORGED = "Accepted publickey for root from 192.0.2.66"


def test_a_command_in_the_table_of_sessions(server, mallory):
    command = f"echo in; : '\x1b[2J\x1b]0;owned\x07' '\n{FORGED}'; cat"
    with mallory.background(command) as login:
        login.expect(b"in")
        table = server.labgpu("sessions", "mallory").ok()
        assert_printable(table)
        assert len(table.text.splitlines()) == 2, table
        shown = server.labgpu_json("sessions", "mallory")["logins"][0]["commands"][0]["command"]
        assert FORGED in shown, "the table has another command"


def test_a_name_of_the_client_in_the_log(laptop, server, mallory, journal):
    with contextlib.closing(paramiko.Transport((laptop.address, 22))) as client:
        client.start_client(timeout=20)
        with pytest.raises(paramiko.SSHException):
            client.auth_password(f"nobody\n{FORGED} port 1 ssh2\x1b[2J", "x")
    journal.expect("Invalid user nobody")
    assert [line for line in journal.text().splitlines() if line.startswith(FORGED)] == []


def test_what_init_says_is_not_in_the_log(mallory, journal):
    """What a container says of itself is no line of the helper's: init's failure is told to the user alone."""
    mallory.root("sed -i /^mallory:/d /etc/passwd; mkdir /etc/passwd.labgpu").ok()
    mallory.ssh("true")
    mallory.root("rmdir /etc/passwd.labgpu")
    mallory.start_over()
    assert "passwd.labgpu" not in journal.text("_SYSTEMD_UNIT=labgpud.service")


def test_the_logger_of_the_container_does_not_write_to_the_hosts_log(mallory, carol, journal):
    for person in (mallory, carol):
        person.ssh(f"logger -p auth.info -t sshd 'says {person.user}: {FORGED}'")
    mallory.root(f"logger -p auth.info 'says mallory: {FORGED}'; echo '<38>sshd: says mallory: {FORGED}' >/dev/kmsg")
    journal.expect(f"says carol: {FORGED}")
    assert "says mallory" not in journal.text()
