# Passwords: set by root, generated, and changed by their owners through PAM with pam_pwquality's say.
import json

import pytest

from client import Client
from processes import PATIENCE
from server import CAROL_PASSWORD, UNITS
from terminal import Terminal

pytestmark = pytest.mark.either_release

OLD = "Regen-im-Juli 47"
NEW = "Schnee-im-Mai 58"
WEAK = "abc"
COMMON_PASSWORD = "/etc/pam.d/common-password"


@pytest.fixture
def ann(server, new_user):
    """The name of an account with a key and the password OLD."""
    name = new_user().user
    set_password(server, name)
    return name


def set_password(server, name, *options, password=OLD):
    return server.labgpu("passwd", name, "--stdin", *options, stdin=f"{password}\nmore\n".encode()).ok()


def login(laptop, name, password, method="keyboard-interactive"):
    return Client(laptop, name, password, method).ssh("hostname", timeout=60)


def assert_only(laptop, name, good, *bad):
    """That password opens the container, the others open nothing."""
    assert login(laptop, name, good).ok().text == f"{name}-VM"
    for password in bad:
        assert "Permission denied" in login(laptop, name, password).failed().error


class Typing(Terminal):
    """A person without a key who logs in at a terminal and answers what is asked there."""

    def __init__(self, laptop, name, method="keyboard-interactive"):
        client = Client(laptop, name, "", method)
        client.environment = {key: client.environment[key] for key in ("PATH", "HOME", "LANG")}
        super().__init__(client, "echo in $(hostname)")
        self.ssh.timeout = round(60 * PATIENCE)

    def answer(self, *dialogue):
        for prompt, text in dialogue:
            self.ssh.expect_exact(prompt)
            self.ssh.sendline(text)
        return self

    def assert_in(self, name):
        found = self.rest()
        assert found["status"] == 0 and f"in {name}-VM" in found["out"], found

    def assert_refused(self):
        found = self.rest()
        assert found["status"] == 255 and "-VM" not in found["out"], found
        return found["out"]


def generated_in(text):
    return text.split("shown this once: ")[1].split()[0]


def expiry(server, name):
    return server.labgpu_json("user", "show", name)["user"]["passwordChangeNow"]


# --- root


def test_setup_put_the_line_behind_those_of_quality_and_of_the_hosts_accounts(server):
    lines = [line.split() for line in server.read(COMMON_PASSWORD).decode().splitlines() if line.startswith("password")]
    modules = [next(word for word in line if word.endswith(".so")) for line in lines]
    assert modules[:4] == ["pam_pwquality.so", "pam_unix.so", "pam_labgpu.so", "pam_deny.so"]
    assert "pam_labgpu.so as password" in next(
        line for line in server.labgpu("setup", "--check").text.splitlines() if "as password" in line and "ok" in line
    )


def test_passwd_of_root_on_the_host(server, laptop, ann):
    result = server.try_sh(f"passwd {ann}", stdin=f"{NEW}\n{NEW}\n").ok()
    assert "updated successfully" in result.text + result.error
    assert_only(laptop, ann, NEW, OLD)
    server.try_sh(f"passwd {ann}", stdin=f"{OLD}\nanother\n").failed()
    assert_only(laptop, ann, NEW, OLD)


def test_passwd_of_root_gives_a_first_one(server, laptop, new_user):
    name = new_user().user
    login(laptop, name, OLD).failed()
    server.try_sh(f"passwd {name}", stdin=f"{OLD}\n{OLD}\n").ok()
    assert_only(laptop, name, OLD, "")


def test_chpasswd_of_root(server, laptop, ann):
    server.sh("chpasswd", stdin=f"{ann}:{NEW}\n")
    assert_only(laptop, ann, NEW, OLD)


def test_labgpu_passwd_from_the_standard_input(server, laptop, ann):
    assert set_password(server, ann, password=NEW).text == f"{ann}: the password is set"
    assert_only(laptop, ann, NEW, OLD)


def test_labgpu_passwd_at_a_terminal_asks_twice_and_shows_nothing(server, laptop, root, ann):
    for second, status in ((OLD, 1), (NEW, 0)):
        with Terminal(root, f"labgpu passwd {ann}") as terminal:
            terminal.ssh.timeout = round(60 * PATIENCE)
            terminal.ssh.expect_exact(f"New password for {ann}: ")
            terminal.ssh.sendline(NEW)
            terminal.ssh.expect_exact("The same again: ")
            terminal.ssh.sendline(second)
            found = terminal.rest()
        assert found["status"] == status, found
        assert NEW not in found["out"] and second not in found["out"]
        if status != 0:
            assert "the two passwords differ; nothing was changed" in found["out"]
            assert_only(laptop, ann, OLD, NEW)
    assert_only(laptop, ann, NEW, OLD)


def test_lock_unlock_and_delete(server, laptop, ann):
    server.labgpu("passwd", ann, "--lock").ok()
    login(laptop, ann, OLD).failed()
    assert Client(laptop, ann).ssh("hostname").ok().text == f"{ann}-VM", "keys go on working"
    server.labgpu("passwd", ann, "--unlock").ok()
    assert_only(laptop, ann, OLD)
    server.labgpu("passwd", ann, "--delete").ok()
    login(laptop, ann, OLD).failed()
    assert "has no password" in server.labgpu("passwd", ann, "--lock").failed().error


# --- generated ones


def test_a_generated_password_is_shown_once_and_replaced_at_the_first_login(server, laptop, new_user):
    name = new_user().user
    password = generated_in(server.labgpu("passwd", name, "--generate").ok().text)
    for place in (
        server.labgpu("user", "show", name, "--json").ok().text,
        server.sh("cat /var/lib/labgpu/users/*").text,
        server.sh("journalctl -q --no-pager").text,
    ):
        assert name in place and password not in place
    dialogue = [("Password: ", password), ("Current password: ", password)]
    with Typing(laptop, name) as typing:
        typing.answer(*dialogue, ("New password: ", NEW), ("Retype new password: ", NEW)).assert_in(name)
    assert expiry(server, name) is False
    assert_only(laptop, name, NEW, password)


def test_an_account_is_made_with_a_generated_password(server, laptop):
    try:
        text = server.labgpu("user", "add", "dora", "--generate-password").ok().text
        assert "changed at the first login" in text
        with Typing(laptop, "dora") as typing:
            first = generated_in(text)
            typing.answer(("Password: ", first), ("Current password: ", first))
            typing.answer(("New password: ", NEW), ("Retype new password: ", NEW)).assert_in("dora")
    finally:
        server.labgpu("user", "remove", "--yes", "dora").ok()
        server.sh("docker rm -f dora_container")


IMPORTED = [f"image{i}" for i in (1, 2, 3)]


@pytest.fixture
def imported(server):
    """Imports three users, the last with a password of its own; takes options, returns the result."""
    table = "name,password\n" + f"{IMPORTED[0]},\n{IMPORTED[1]},\n{IMPORTED[2]},{OLD}\n"
    yield lambda *options: server.labgpu("user", "import", "-", *options, stdin=table.encode())
    for name in IMPORTED:
        server.labgpu("user", "remove", "--purge", "--force", "--yes", name)


def test_import_makes_passwords_for_users_without_one(server, laptop, imported):
    rows = [line.split() for line in imported("--generate-passwords").ok().text.splitlines()]
    assert rows[0] == ["WHERE", "NAME", "UID", "PASSWORD", "RESULT"]
    found = {row[2]: row[4] for row in rows[1:4]}
    assert found[IMPORTED[2]] == "-" and found[IMPORTED[0]] != found[IMPORTED[1]]
    assert [expiry(server, name) for name in IMPORTED] == [True, True, False]
    password = found[IMPORTED[0]]
    with Typing(laptop, IMPORTED[0]) as typing:
        typing.answer(("Password: ", password), ("Current password: ", password))
        typing.answer(("New password: ", NEW), ("Retype new password: ", NEW)).assert_in(IMPORTED[0])
    assert_only(laptop, IMPORTED[2], OLD)


def test_import_writes_the_passwords_to_a_file_of_roots(server, laptop, imported):
    path = "/root/first-passwords.csv"
    try:
        text = imported("--generate-passwords", "--no-expire", "--passwords-file", path).ok().text
        assert server.sh(f"stat -c '%a %U' {path}").text == "600 root"
        rows = [line.split(",") for line in server.read(path).decode().splitlines()]
        assert rows[0] == ["name", "password"] and [row[0] for row in rows[1:]] == IMPORTED[:2]
        assert "PASSWORD" not in text and all(row[1] not in text for row in rows[1:])
        assert_only(laptop, *rows[2])
        before = server.state()
        again = imported("--generate-passwords", "--passwords-file", path).failed()
        assert "cannot make the file" in again.error
        assert server.state() == before
    finally:
        server.sh(f"rm -f {path}")


def test_import_tells_programs_too(imported):
    reply = json.loads(imported("--generate-passwords", "--json").ok().out)
    assert [("generatedPassword" in user) for user in reply["users"]] == [True, True, False]


# --- changed by their owners


def test_an_expired_password_is_changed_at_the_login(server, laptop, ann):
    server.labgpu("passwd", ann, "--expire").ok()
    key = Client(laptop, ann).ssh("hostname").ok()
    assert key.text == f"{ann}-VM", "a key does not depend on the password"
    start = [("Password: ", OLD), ("Current password: ", OLD)]

    with Typing(laptop, ann) as typing:
        typing.answer(start[0], ("Current password: ", "not it")).assert_refused()
    with Typing(laptop, ann) as typing:
        typing.answer(*start, ("New password: ", WEAK))
        typing.ssh.expect_exact("BAD PASSWORD")
    with Typing(laptop, ann) as typing:
        typing.answer(*start, ("New password: ", OLD))
        typing.ssh.expect_exact("BAD PASSWORD: The password is the same as the old one")
    assert expiry(server, ann) is True
    with Typing(laptop, ann) as typing:
        typing.answer(*start, ("New password: ", NEW), ("Retype new password: ", NEW)).assert_in(ann)
    assert expiry(server, ann) is False
    assert_only(laptop, ann, NEW, OLD, WEAK)


def test_a_weak_one_is_refused_also_after_all_tries(server, laptop, ann):
    server.labgpu("passwd", ann, "--expire").ok()
    with Typing(laptop, ann) as typing:
        typing.answer(("Password: ", OLD), ("Current password: ", OLD))
        typing.answer(*[("New password: ", WEAK)] * 3).assert_refused()
    assert expiry(server, ann) is True
    login(laptop, ann, WEAK).failed()


def test_without_a_module_for_quality(server, laptop, ann):
    """pam_unix.so, which knows nothing of the account, is the first of the stack then."""
    server.sh("DEBIAN_FRONTEND=noninteractive pam-auth-update --disable pwquality")
    try:
        server.labgpu("passwd", ann, "--expire").ok()
        with Typing(laptop, ann) as typing:
            typing.answer(("Password: ", OLD), ("Current password: ", OLD))
            typing.answer(("New password: ", NEW), ("Retype new password: ", NEW)).assert_in(ann)
        assert_only(laptop, ann, NEW, OLD)
        server.try_sh(f"passwd {ann}", stdin=f"{OLD}\n{OLD}\n").ok()
        assert_only(laptop, ann, OLD, NEW)
    finally:
        server.sh("DEBIAN_FRONTEND=noninteractive pam-auth-update --enable pwquality")


def test_a_login_by_the_password_method_changes_it_through_passwd(server, laptop, ann):
    """Then sshd runs passwd(1) in place of the session, as for any account, and the connection ends."""
    server.labgpu("passwd", ann, "--expire").ok()
    result = login(laptop, ann, OLD, "password").failed()
    assert result.out == b"" and "no TTY available" in result.error, result
    with Typing(laptop, ann, "password") as typing:
        typing.answer((f"{ann}@server's password: ", OLD), ("Current password: ", OLD))
        typing.answer(("New password: ", NEW), ("Retype new password: ", NEW))
        out = typing.rest()["out"]
        assert "updated successfully" in out and "-VM" not in out
    assert_only(laptop, ann, NEW, OLD)


def test_without_the_helper_nothing_is_changed_and_the_reason_is_said(server, laptop, ann):
    server.sh(f"systemctl stop {UNITS}")
    try:
        result = server.try_sh(f"passwd {ann}", stdin=f"{NEW}\n{NEW}\n").failed()
        assert "labgpu service on this server does not answer" in result.error
    finally:
        server.sh("systemctl start labgpud.socket labgpud-session.socket labgpud.service")
    assert_only(laptop, ann, OLD, NEW)


# --- everybody else

# By whom, and what is typed: the right ones, a wrong old one, a weak new one, two that differ.
OTHERS = [
    ("su carol -s /bin/sh -c passwd", [CAROL_PASSWORD, NEW, NEW]),
    ("su carol -s /bin/sh -c passwd", ["wrong", NEW, NEW]),
    ("su carol -s /bin/sh -c passwd", [NEW, WEAK, WEAK, WEAK]),
    ("su carol -s /bin/sh -c passwd", [NEW, OLD, WEAK]),
    ("passwd carol", [OLD, OLD]),
    ("passwd carol", [WEAK, OLD]),
    ("passwd no-such-account", [OLD, OLD]),
    ("chpasswd", [f"carol:{CAROL_PASSWORD}"]),
]


def passwords_of_others(server):
    """What passwd(1) says and does for the host's own accounts, and which of them opens carol's."""
    found = []
    for command, typed in OTHERS:
        before = server.read("/etc/shadow")
        result = server.try_sh(f"LC_ALL=C {command}", stdin="".join(f"{line}\n" for line in typed))
        found.append((command, typed, result.status, result.out, result.err, server.read("/etc/shadow") == before))
    return found


@pytest.fixture
def shadow_kept(server):
    """The same password under another salt is another line, and purging is to leave the file as it was."""
    with server.edited("true", "/etc/shadow"):
        yield


@pytest.mark.long
@pytest.mark.usefixtures("shadow_kept")
def test_passwd_of_other_accounts_is_what_it_was(server, carol_by_password):
    """Byte for byte, and also while the helper is away: it is not asked."""
    without_labgpu = "DEBIAN_FRONTEND=noninteractive pam-auth-update"
    try:
        server.sh(f"{without_labgpu} --remove labgpu")
        assert b"labgpu" not in server.read(COMMON_PASSWORD)
        before = passwords_of_others(server)
    finally:
        server.sh(f"{without_labgpu} --enable labgpu")
    assert b"pam_labgpu.so" in server.read(COMMON_PASSWORD)
    server.sh(f"systemctl stop {UNITS}")
    try:
        assert passwords_of_others(server) == before
    finally:
        server.sh("systemctl start labgpud.socket labgpud-session.socket labgpud.service")
    assert [step[2] == 0 for step in before] == [True, False, False, False, True, False, False, True]
    carol_by_password.ssh("true").ok()
