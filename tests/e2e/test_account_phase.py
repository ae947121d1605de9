# Logins that the helper refuses, each with a sentence that the client's own ssh, scp or sftp shows.
import contextlib
import json

import pytest

from client import Client
from processes import run, wait_until
from test_bad_input import assert_one_line

pytestmark = pytest.mark.either_release

NAME = "dana"
PASSWORD = "dana's pass word"

WAYS = {
    "key": (None, "publickey"),
    "password": (PASSWORD, "password"),
    "keyboard-interactive": (PASSWORD, "keyboard-interactive"),
}


@pytest.fixture(scope="module")
def account(server, laptop):
    """An account with a key and a password, whose container runs; a Client with the key."""
    client = Client(laptop, NAME)
    server.write(f"/var/tmp/{NAME}.pub", client.public_key.encode())
    words = ["user", "add", NAME, "--key", f"/var/tmp/{NAME}.pub", "--password-stdin"]
    server.labgpu(*words, stdin=f"{PASSWORD}\n".encode()).ok()
    client.ssh("true", timeout=60).ok()
    yield client
    server.labgpu("user", "remove", "--yes", NAME).ok()
    server.sh(f"docker rm -f {NAME}_container; rm -rf /home/{NAME}")


@pytest.fixture
def dana(server, account):
    """The account, which is as it was when the test ends."""
    yield account
    server.labgpu("maintenance", "off").ok()
    server.labgpu("user", "set", NAME, "not_before=", "not_after=", "max_sessions=").ok()
    wait_for_sessions(server, 0)


@pytest.fixture(params=WAYS)
def client(request, laptop, dana):
    return Client(laptop, NAME, *WAYS[request.param])


def sessions(server):
    return server.labgpu_json("status", NAME)["containers"][0]["sessions"]


def wait_for_sessions(server, count):
    wait_until(lambda: sessions(server) == count, 20, f"{count} sessions of {NAME}")


def date(server, moment):
    """That moment by the server's own clock and zone."""
    return server.sh(f"date -d '{moment}' '+%Y-%m-%dT%H:%M'").text


def set_user(server, *assignments):
    return server.labgpu("user", "set", NAME, *assignments).ok()


def assert_refused(result, *sentence):
    result.failed()
    assert result.out == b"", result
    for part in sentence:
        assert part in result.error, f"does not say {part!r}: {result}"


def assert_welcome(client):
    assert client.ssh("echo came in").ok().text == "came in"


# --- each reason, by key and by password


def test_expired(server, client):
    yesterday = date(server, "yesterday")
    set_user(server, f"not_after={yesterday}")
    assert_refused(client.ssh("echo came in"), "expired on " + yesterday.replace("T", " at "))
    set_user(server, f"not_after={date(server, 'today')[:10]}")  # a day is meant to its end
    assert_welcome(client)


def test_not_yet_valid(server, client):
    tomorrow = date(server, "tomorrow")
    set_user(server, f"not_before={tomorrow}")
    assert_refused(client.ssh("echo came in"), "not valid before " + tomorrow.replace("T", " at "))
    set_user(server, f"not_before={date(server, 'today')[:10]}")
    assert_welcome(client)


def test_maintenance(server, client):
    server.labgpu("maintenance", "on", "back at 18:00").ok()
    assert_refused(client.ssh("echo came in"), "under maintenance: back at 18:00")
    server.labgpu("maintenance", "off").ok()
    assert_welcome(client)


def test_too_many_logins(server, client, dana):
    set_user(server, "max_sessions=1")
    with dana.background("echo in; read line") as first:
        first.expect(b"in\n")
        assert_refused(client.ssh("echo came in"), "you have 1 login open", "no more than 1")
        set_user(server, "max_sessions=none")
        assert_welcome(client)
        set_user(server, "max_sessions=1")
    wait_for_sessions(server, 0)
    assert_welcome(client)


# --- files


@contextlib.contextmanager
def refusing(server, dana, reason):
    if reason == "maintenance":
        server.labgpu("maintenance", "on", "back at 18:00").ok()
        yield "back at 18:00"
    elif reason == "expired":
        set_user(server, "not_after=2001-01-01")
        yield "expired on 2001-01-01 at 23:59"
    elif reason == "not-yet":
        set_user(server, "not_before=2999-01-01")
        yield "not valid before 2999-01-01 at 00:00"
    else:
        set_user(server, "max_sessions=1")
        with dana.background("echo in; read line") as first:
            first.expect(b"in\n")
            yield "you have 1 login open"


@pytest.mark.parametrize("reason", ["expired", "not-yet", "maintenance", "too-many"])
def test_file_transfers_show_the_sentence_too(server, laptop, dana, reason):
    """Without -q, with which OpenSSH's clients show no server's word."""
    source, copy = laptop.directory / "sent", laptop.directory / "got"
    source.write_text("x")
    with refusing(server, dana, reason) as sentence:
        for words in (
            ["scp", *dana.options, source, "server:sent"],
            ["scp", "-O", *dana.options, source, "server:sent"],
            ["scp", *dana.options, "server:/etc/hostname", copy],
            ["rsync", "-e", " ".join(["ssh", *dana.options]), source, "server:sent"],
        ):
            assert_refused(run(words, env=dana.environment), sentence)
        batch = ["sftp", *dana.options, "-b", "-", "server"]
        assert_refused(run(batch, b"ls\n", env=dana.environment), sentence)
    assert not copy.exists()
    assert server.try_sh(f"ls /home/{NAME}/sent").status != 0


# --- maintenance


def test_maintenance_leaves_the_host_and_open_sessions_alone(server, dana, root, carol, carol_by_password):
    with dana.background("echo in; read line; echo $line") as command, dana.master() as shared:
        command.expect(b"in\n")
        server.labgpu("maintenance", "on").ok()
        for other in (root, carol, carol_by_password):
            other.ssh("true").ok()
        assert_refused(dana.ssh("true"), "this server is under maintenance; try again later")
        assert shared.ssh("echo another").ok().text == "another"
        command.send(b"goes on\n")
        assert command.finish().ok().text.splitlines() == ["in", "goes on"]


def test_maintenance_outlives_the_helper(server, dana):
    assert server.labgpu("maintenance").ok().text == "maintenance is off"
    server.labgpu("maintenance", "on", "后天回来").ok()
    server.sh("systemctl kill -s KILL labgpud.service; sleep 0.3")
    assert_refused(dana.ssh("true"), "后天回来")
    assert server.labgpu("maintenance").ok().text == "maintenance is on: 后天回来"
    assert server.labgpu_json("maintenance") == {"on": True, "message": "后天回来"}
    assert server.labgpu("maintenance", "off").ok().text == "maintenance is off"
    server.sh("systemctl restart labgpud.service")
    assert_welcome(dana)


def test_only_root_may_begin_or_end_maintenance(server, dana):
    for words in ("on", "off"):
        result = server.try_sh(f"su carol -s /bin/sh -c 'labgpu maintenance {words}'").failed()
        assert "root" in result.error, result
    assert_welcome(dana)


# --- what is open goes on, within the limit


def test_the_limit_holds_for_logins_at_the_same_time(server, dana):
    set_user(server, "max_sessions=2")
    with contextlib.ExitStack() as stack:
        logins = [stack.enter_context(dana.background("echo in; read line; sleep 1")) for _ in range(6)]
        wait_until(lambda: sum(login.process.poll() is not None for login in logins) >= 4, 30, "four refusals")
        for login in logins:
            login.poll()
        inside = [login for login in logins if b"in\n" in login.out]
        refused = [login for login in logins if b"logins open on this server" in login.err]
        assert (len(inside), len(refused)) == (2, 4), [(login.out, login.err) for login in logins]
        assert sessions(server) == 2


def test_commands_of_one_connection_are_one_login(server, dana):
    set_user(server, "max_sessions=1")
    with dana.master() as shared:
        with shared.background("echo in; read line") as first:
            first.expect(b"in\n")
            assert shared.ssh("echo second").ok().text == "second"


def test_an_account_that_expires_keeps_what_runs_and_starts_nothing(server, dana):
    with dana.master() as shared:
        with shared.background("echo in; read line; echo $line") as running:
            running.expect(b"in\n")
            set_user(server, "not_after=2001-01-01")
            assert_refused(shared.ssh("echo another"), "expired on 2001-01-01")
            running.send(b"goes on\n")
            assert running.finish().ok().text.splitlines() == ["in", "goes on"]


# --- dates as an administrator gives and sees them


def test_dates_are_shown(server, dana):
    set_user(server, "not_before=2001-01-01", "not_after=2001-12-31T18:00")
    text = server.labgpu("user", "show", NAME).ok().text
    rows = dict(line.split(None, 1) for line in text.splitlines())
    assert rows["not_before"] == "2001-01-01 00:00"
    assert rows["not_after"] == "2001-12-31 18:00"
    assert rows["state"] == "expired"
    user = server.labgpu_json("user", "show", NAME)["user"]
    assert user["notAfterUSec"] == int(server.sh("date -d '2001-12-31 18:00' +%s").text) * 1000000
    assert user["notBeforeUSec"] == int(server.sh("date -d '2001-01-01' +%s").text) * 1000000
    line = next(line for line in server.labgpu("user", "list").ok().text.splitlines() if line.startswith(NAME))
    assert "expired" in line
    set_user(server, "not_before=", "not_after=")
    user = server.labgpu_json("user", "show", NAME)["user"]
    assert user["state"] == "active" and "notAfterUSec" not in user and "notBeforeUSec" not in user


def test_an_account_is_made_with_its_end(server, new_user):
    user = new_user("--expires", "2001-12-31")
    assert_refused(user.ssh("true"), "expired on 2001-12-31 at 23:59")
    assert server.containers_of(user.user) == []
    assert server.labgpu_json("user", "show", user.user)["user"]["state"] == "expired"


ALLOWED = "must be a date such as 2026-12-31, 2026-12-31T18:00 or 2026-12-31T18:00:00+08:00, or empty for none"
WRONG = {
    "not_after=31.12.2026": "not_after " + ALLOWED,
    "not_after=2026-02-30": "not_after " + ALLOWED,
    "not_before=tomorrow": "not_before " + ALLOWED,
    "not_before=2026-12-31T25:00": "not_before " + ALLOWED,
    "not_after=1969-12-31": "not_after " + ALLOWED,
    "max_sessions=many": "must be 1 to 1000 logins, or none for no limit",
    "max_sessions=0": "must be 1 to 1000 logins, or none for no limit",
    "max_sessions=-1": "must be 1 to 1000 logins, or none for no limit",
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_refused_with_what_is_allowed(server, dana, wrong):
    before = server.state()
    assert_one_line(server.labgpu("user", "set", NAME, "locked=yes", wrong), WRONG[wrong])
    assert server.state() == before


def test_more_that_is_wrong(server, dana):
    before = server.state()
    for words, mention in (
        (["user", "set", NAME, "not_before=2026-12-31", "not_after=2026-12-30"], "must be later than not_before"),
        (["user", "add", "dora", "--expires", "soon"], ALLOWED),
        (["maintenance", "on", "two\nlines"], "one line"),
        (["maintenance", "on", "x" * 501], "500 bytes"),
        (["maintenance", "on", "back", "soon"], "--help"),
        (["maintenance", "maybe"], "--help"),
    ):
        assert_one_line(server.labgpu(*words), mention)
    assert server.state() == before
    assert server.labgpu("maintenance").ok().text == "maintenance is off"


def test_unknown_fields_of_a_record_survive_an_edit(server, dana):
    """As a newer labgpu, or systemd, may have written them."""
    record = f"/var/lib/labgpu/users/{NAME}.json"
    edit = """import json, sys
path = sys.argv[1]
record = json.load(open(path))
record["diskSize"] = 5
record["privileged"]["passwordHint"] = "x"
record["labgpu"]["colour"] = ["red"]
json.dump(record, open(path, "w"))
"""
    server.sh(f"python3 - {record} && systemctl restart labgpud.service", stdin=edit)
    set_user(server, "not_after=2999-12-31", "max_sessions=7")
    found = json.loads(server.read(record))
    assert (found["diskSize"], found["privileged"]["passwordHint"]) == (5, "x")
    assert found["labgpu"] == {"colour": ["red"], "maxSessions": 7}
    assert found["notAfterUSec"] > 32503000000000000
