# `ssh alice@host labgpu ...`: a user's own commands, on the server and with the user's rights alone.
import json
import re

import pytest

from client import Client
from processes import wait_until
from terminal import Terminal

pytestmark = pytest.mark.either_release

NO_SHELL = "labgpu: no shell reads the commands of labgpu, so they take none of"


@pytest.fixture
def ann(new_user):
    """Somebody with a container that runs."""
    user = new_user()
    user.ssh("true").ok()
    return user


def own(user, *words):
    return user.ssh(f"labgpu {' '.join(words)}")


def own_json(user, *words):
    return json.loads(own(user, *words, "--json").ok().out)


def state(user):
    return own_json(user, "status")["container"]["state"]


# --- the commands


def test_status_says_what_a_user_wants_to_know(server, ann):
    server.labgpu("user", "set", ann.user, "memory=1g").ok()
    told = own(ann, "status").ok().text
    assert re.search(rf"^account +{ann.user}$", told, re.M), told
    assert re.search(r"^container +running since 20\d\d-", told, re.M), told
    assert re.search(r"^memory +1g$", told, re.M), told
    assert re.search(r"^sessions +1$", told, re.M), told
    server.labgpu("user", "set", ann.user, "hostname=other").ok()
    assert f"{ann.user}: needs a rebuild" in own(ann, "status").ok().text
    found = own_json(ann, "status")
    assert found["user"]["name"] == found["container"]["user"] == ann.user


def test_stop_and_start_and_restart(server, ann):
    before = server.init_pid(ann.user)
    assert own(ann, "restart", "--yes").ok().text.splitlines()[1].split()[:2] == [ann.user, "running"]
    assert server.init_pid(ann.user) != before
    with ann.background("echo ready; exec sleep 81901") as session:
        session.expect(b"ready")
        assert own(ann, "stop", "--yes").ok().text.splitlines()[1].split()[:2] == [ann.user, "stopped"]
        assert session.finish(20).status != 0
    # The login of `labgpu start` has started it before; what is told is the same.
    assert own(ann, "start").ok().text.splitlines()[1].split()[:2] == [ann.user, "running"]


def test_what_ends_something_asks_first_and_not_without_a_terminal(server, ann):
    before = server.init_pid(ann.user)
    with ann.background("echo ready; exec sleep 81911") as session:
        session.expect(b"ready")
        for command in ("stop", "restart", "kill"):
            refused = own(ann, command).failed()
            assert refused.status == 2 and "say --yes if it shall be done" in refused.error, refused
        with Terminal(ann, "labgpu stop") as terminal:
            terminal.ssh.expect_exact("Everything that runs in it ends, also in your 1 other session. [y/N]")
            terminal.ssh.sendline("n")
            found = terminal.rest()
            assert found["status"] == 1 and "nothing was done" in found["out"], found
        assert server.init_pid(ann.user) == before
        with Terminal(ann, "labgpu restart") as terminal:
            terminal.ssh.expect_exact("[y/N]")
            terminal.ssh.sendline("y")
            found = terminal.rest()
            assert found["status"] == 0 and "running" in found["out"], found
    assert server.init_pid(ann.user) != before


def test_a_question_is_ended_by_ctrl_c(server, ann):
    before = server.init_pid(ann.user)
    with Terminal(ann, "labgpu stop") as terminal:
        terminal.ssh.expect_exact("[y/N]")
        terminal.ssh.sendintr()
        # sshd tells a death by signal, and ssh ends as for a connection that was lost.
        assert terminal.rest()["status"] == 255
    assert server.init_pid(ann.user) == before


def test_sessions_are_listed_and_the_others_ended(ann, bob):
    with (
        ann.background("echo ready; exec sleep 81921") as one,
        ann.background("echo ready; exec sleep 81922") as two,
        bob.background("echo ready; exec cat") as bobs,
    ):
        for session in (one, two, bobs):
            session.expect(b"ready")
        listed = own_json(ann, "sessions")["logins"]
        assert {login["user"] for login in listed} == {ann.user}
        mine = [login for login in listed if login["own"]]
        assert [[command["command"] for command in login["commands"]] for login in mine] == [["labgpu sessions --json"]]
        number = next(str(login["number"]) for login in listed if "81921" in login["commands"][0]["command"])
        assert own(ann, "kill", number, "--yes").ok().text == f"{ann.user}: ended 1 session"
        assert one.finish(20).status == 255
        assert own(ann, "kill", "--yes").ok().text == f"{ann.user}: ended 1 session"
        assert two.finish(20).status == 255
        bobs.send(b"still there\n")
        bobs.expect(b"still there")
    assert "has no login 4711" in own(ann, "kill", "4711", "--yes").failed().error


def test_ports_lead_where_the_settings_say(server, new_user):
    user = new_user()
    server.labgpu("user", "set", user.user, "ports=8888,53/udp").ok()
    user.ssh("true").ok()
    ports = own_json(user, "ports")["ports"]
    assert {(port["container"], port["state"]) for port in ports} == {("8888", "open"), ("53/udp", "open")}
    assert all(20000 <= int(port["server"]) <= 29999 for port in ports), ports
    everybodys = server.labgpu_json("ports")["ports"]
    assert [port for port in everybodys if port["user"] == user.user] == ports
    assert server.labgpu_json("ports", user.user)["ports"] == ports


def test_keys_and_help(alice):
    assert own(alice, "keys").ok().text.splitlines()[1].startswith("SHA256:")
    for words in ([], ["help"], ["--help"]):
        assert own(alice, *words).ok().text.splitlines()[0] == "labgpu: your container on this server"


def test_gpu_is_for_everybody_or_says_why_not(server, alice):
    administrators = server.labgpu("gpu")
    users = own(alice, "gpu")
    assert users.status == administrators.status and users.error == administrators.error, users


# --- whose, and nobody else's


def test_another_account_cannot_be_named(alice, bob):
    bob.ssh("true").ok()
    for command in ("status", "stop", "kill", "sessions", "ports", "passwd"):
        refused = own(alice, command, bob.user).failed()
        assert refused.status in (1, 2) and "labgpu: " in refused.error, refused
    assert state(bob) == "running"


def test_members_of_labgpu_admin_have_an_owners_rights_here(server, ann):
    # Not gpasswd, which knows only accounts of /etc/passwd.
    server.sh(f"sed -i '/^labgpu-admin:/s/:[^:]*$/:{ann.user}/' /etc/group")
    try:
        assert "labgpu-admin" in server.sh(f"id -Gn {ann.user}").text

        for words in (["user", "list"], ["maintenance", "on"], ["passwd", "alice", "--generate"]):
            assert own(ann, *words).failed().status == 2
        assert own(ann, "status").ok()
    finally:
        server.sh("sed -i '/^labgpu-admin:/s/:[^:]*$/:/' /etc/group")


def test_who_may_not_log_in_does_nothing_over_an_open_connection(server, ann):
    with ann.master() as shared:
        assert own(shared, "status").ok()
        server.labgpu("user", "set", ann.user, "locked=yes").ok()
        refused = own(shared, "status").failed()
        assert refused.status == 254 and "locked" in refused.error, refused
        server.labgpu("user", "set", ann.user, "locked=no").ok()
        assert own(shared, "status").ok()


# --- no shell, no environment, no file


@pytest.mark.parametrize(
    "rest", ["; id", ";id", " status; id", " | id", " && id", " $(id)", " `id`", " $HOME", " > x", " < x", "\nid", "&"]
)
def test_no_shell_reads_it(ann, rest):
    refused = ann.ssh(f"labgpu{rest}").failed()
    assert refused.status == 2 and "uid=" not in refused.text, refused
    assert refused.error.startswith((NO_SHELL, "labgpu: a command of labgpu is one line")), refused


def test_quotes_keep_words_together(ann):
    assert own(ann, "'status'").ok()
    refused = own(ann, "'status x'").failed()
    assert refused.status == 2 and "status x" in refused.error, refused
    assert "closing quote" in own(ann, "'status").failed().error


def test_its_environment_and_descriptors(server, ann):
    with Terminal(ann, "labgpu stop", "-o", "SetEnv=LC_TIME=C.UTF-8 LC_ALL=../x LANG=C.UTF-8", term="xterm-256color") as terminal:
        terminal.ssh.expect_exact("[y/N]")
        pid = server.sh("pgrep -xf '/usr/libexec/labgpu/labgpu-self stop'").text
        variables = server.sh(f"tr '\\0' '\\n' < /proc/{pid}/environ").text.splitlines()
        assert set(variables) == {"TERM=xterm-256color", "LC_TIME=C.UTF-8", "LANG=C.UTF-8"}
        assert server.sh(f"ls /proc/{pid}/fd").text.split() == ["0", "1", "2", "3"]
        status = server.sh(f"cat /proc/{pid}/status").text
        assert re.search(r"^NoNewPrivs:\s+1$", status, re.M), status
        assert server.sh(f"readlink /proc/{pid}/ns/net").text != server.sh("readlink /proc/self/ns/net").text
        terminal.ssh.sendline("n")
        terminal.rest()


def test_files_called_labgpu_are_files(laptop, ann):
    (laptop.directory / "labgpu").write_text("mine\n")
    ann.scp(str(laptop.directory / "labgpu"), "server:labgpu").ok()
    ann.scp("-O", "server:labgpu", str(laptop.directory / "back")).ok()
    assert (laptop.directory / "back").read_text() == "mine\n"
    ann.rsync("-a", str(laptop.directory / "labgpu"), "server:labgpu2").ok()
    assert ann.ssh("cat labgpu labgpu2").ok().text == "mine\nmine"
    assert "subsystem request failed" in ann.ssh("labgpu", "-s").failed().error


# --- other ways to ask


def test_a_key_may_be_bound_to_it_and_one_that_is_bound_to_else_has_none(server, laptop, ann):
    line = ann.public_key.strip()
    bound = Client(laptop, ann.user)
    server.labgpu("key", "add", ann.user, "-", stdin=f'command="labgpu status" {line}'.encode()).ok()
    for asked in (None, "id", "labgpu stop --yes"):
        assert re.search(r"^container +running", bound.ssh(asked).ok().text, re.M)
    server.labgpu("key", "add", ann.user, "-", stdin=f'command="echo $SSH_ORIGINAL_COMMAND" {line}'.encode()).ok()
    assert bound.ssh("labgpu stop --yes").ok().text == "labgpu stop --yes"
    assert server.labgpu_json("status", ann.user)["containers"][0]["state"] == "running"


def test_many_at_once_over_one_connection(ann):
    with ann.master() as shared:
        running = [shared.background("labgpu sessions --json") for _ in range(4)]
        for process in running:
            with process:
                found = process.finish(30)
                assert found.status == 0, found
        own(shared, "stop", "--yes").ok()
        wait_until(lambda: state(ann) in ("stopped", "running"), 10, "an answer")


def test_passwd_changes_it(server, laptop, ann):
    old, new = "Regen-im-Juli 47", "Schnee-im-Mai 58"
    assert "you have no password" in ann.ssh("labgpu passwd --password-stdin", stdin=b"a\nb\n").failed().error
    server.labgpu("passwd", ann.user, "--stdin", "--expire", stdin=f"{old}\n".encode()).ok()
    refused = own(ann, "passwd").failed()
    assert refused.status == 2 and "--password-stdin" in refused.error, refused
    with Terminal(ann, "labgpu passwd") as terminal:
        for prompt, text in (("Current password", old), ("New password", new), ("The same again", new)):
            terminal.ssh.expect_exact(prompt)
            terminal.ssh.sendline(text)
        found = terminal.rest()
        assert found["status"] == 0 and "is changed" in found["out"] and new not in found["out"], found
    by_password = Client(laptop, ann.user, new)
    assert by_password.ssh("hostname").ok().text == f"{ann.user}-VM"
    for wrong in range(5):
        refused = ann.ssh("labgpu passwd --password-stdin", stdin=f"wrong {wrong}\n{old}\n".encode()).failed()
        assert "that is not your password" in refused.error, refused
    limited = ann.ssh("labgpu passwd --password-stdin", stdin=f"{new}\n{old}\n".encode()).failed()
    assert "too many wrong passwords" in limited.error, limited
    assert by_password.ssh("true").ok()
