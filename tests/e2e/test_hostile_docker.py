# A Docker that hangs, floods or lies when it is asked about one user: all others log in as ever, the helper stays as small as it was,
# and that user is told in one line and gets in again afterwards.
import contextlib
import json

import pytest

from docker_between import about, docker_between
from hostile_docker import ANSWERS
from processes import PATIENCE, wait_until

pytestmark = pytest.mark.either_release
LOGIN_WAIT = round(3 * PATIENCE)
AS_EVER = 2 * PATIENCE
# What a login takes beside its wait for the container.
AROUND = 3 * PATIENCE
MEGABYTE = 1 << 20

# Those of every day, one of each kind; the others are as many ways to the same ends.
OFTEN = {"never", "gigabytes", "JSON of a deep nesting", "a length that is too long", "no reply", "a refusal of many lines", "events without end"}
EVENTS = ["events without end", "events of no form", "an event without an end", "the ends of all", "no stream"]
PULLS = ["never", "gigabytes", "gigabytes of one text", "a chunk that is too long"]


def marked(answers):
    return [name if name in OFTEN else pytest.param(name, marks=pytest.mark.long) for name in answers]


@pytest.fixture(scope="module")
def docker(server):
    with docker_between(server, LOGIN_WAIT) as between:
        yield between


@pytest.fixture
def victim(docker, new_user):
    """The user whom Docker's answers are about, with a container."""
    user = new_user()
    user.ssh("true").ok()
    return user


@pytest.fixture
def others(docker, bob, root, carol):
    """Those whom it does not concern; bob's container runs."""
    bob.ssh("true").ok()
    return bob, root, carol


def log_in(clients):
    for client in clients:
        result = client.ssh("hostname").ok()
        assert result.text.endswith("-VM") == (client.user == "bob"), result
        assert result.seconds < AS_EVER, result


class Helper:
    """What the helper takes of the server, from now on."""

    def __init__(self, server):
        self.server = server
        self.pid = server.helper_pid()
        self.before = self._memory()
        server.sh(f"echo 5 >/proc/{self.pid}/clear_refs")  # proc(5): its peak begins anew
        self.files = self._count_files()

    def _memory(self):
        return self._kilobytes("smaps_rollup", "Pss")

    def _kilobytes(self, file, field):
        text = self.server.sh(f"sed -n 's/^{field}: *//p' /proc/{self.pid}/{file}").text
        return int(text.split()[0]) * 1024

    def _count_files(self):
        return int(self.server.sh(f"ls /proc/{self.pid}/fd | wc -l").text)

    def check(self):
        assert self.server.helper_pid() == self.pid, "the helper was started again"
        most = self._kilobytes("status", "VmHWM")
        shown = f"{self.before / MEGABYTE:.1f} MB before, {self._memory() / MEGABYTE:.1f} now, {most / MEGABYTE:.1f} at most"
        assert most < self.before + 128 * MEGABYTE and self._memory() < self.before + 64 * MEGABYTE, shown
        assert self._count_files() < self.files + 60, "connections pile up"


def check_told(result, limit):
    """No container, and one line that says so; nothing of Docker's reaches a terminal as more than text."""
    assert result.status not in (0, 255) and result.out == b"", result
    assert result.err.startswith(b"labgpu: ") and result.err.count(b"\n") == 1, result
    assert b"\x1b" not in result.err and b"\0" not in result.err and len(result.err) < 2000, result
    assert result.seconds < limit, result


@pytest.mark.parametrize("answer", marked(name for name in ANSWERS if name not in EVENTS))
def test_one_users_docker_concerns_no_other(server, docker, victim, others, answer):
    server.labgpu("stop", victim.user).ok()
    helper = Helper(server)
    with docker.answering(answer, about(server, victim)):
        with victim.background("hostname") as login:
            log_in(others)
            told = login.finish()
        check_told(told, LOGIN_WAIT + AROUND)
        log_in(others)
        helper.check()
    assert victim.ssh("hostname").ok().text == f"{victim.user}-VM"
    helper.check()


@pytest.mark.parametrize("answer", marked(EVENTS))
def test_events_that_flood_or_lie_keep_nobody_waiting(server, docker, others, answer):
    bob = others[0]
    with bob.background("echo ready; exec cat") as session:
        session.expect(b"ready")
        helper = Helper(server)
        with docker.answering(answer, "^GET \\S*/events"):
            wait_until(docker.asked, 20, "the helper's next look at the events")
            for _ in range(3):
                log_in(others)
            helper.check()
        session.send(b"still there\n")
        session.expect(b"still there")
    log_in(others)
    helper.check()


@pytest.mark.long
@pytest.mark.parametrize("answer", PULLS)
def test_a_pull_that_hangs_or_floods_concerns_no_other(server, docker, new_user, others, answer):
    image = f"registry.example:5000/lab/hostile{PULLS.index(answer)}:1"  # why a pull failed is remembered for a while
    user = new_user("--image", image)
    helper = Helper(server)
    with docker.answering(answer, "^POST \\S*/images/create"):
        with user.background("hostname") as login:
            log_in(others)
            told = login.finish()
        check_told(told, LOGIN_WAIT + AROUND)
        assert image in told.error, told
        helper.check()
    server.labgpu("user", "set", user.user, "image=").ok()
    assert user.ssh("hostname").ok().text == f"{user.user}-VM"


@pytest.mark.long
def test_a_container_that_docker_does_not_make_concerns_no_other(server, docker, new_user, others):
    user = new_user()
    with docker.answering("never", f"(?s)/containers/create.*{user.user}(?![0-9])"):
        with user.background("hostname") as login:
            log_in(others)
            told = login.finish()
        check_told(told, LOGIN_WAIT + AROUND)
    assert user.ssh("hostname").ok().text == f"{user.user}-VM"


@pytest.mark.long
def test_many_logins_to_one_container_are_one_question(server, docker, victim, others):
    server.labgpu("stop", victim.user).ok()
    helper = Helper(server)
    with docker.answering("never", about(server, victim)):
        with contextlib.ExitStack() as stack:
            logins = [stack.enter_context(victim.background("hostname")) for _ in range(12)]
            log_in(others)
            for login in logins:
                check_told(login.finish(), LOGIN_WAIT + AROUND + 12)
        assert len(docker.asked()) < 4, docker.asked()
        helper.check()
    assert victim.ssh("hostname").ok().text == f"{victim.user}-VM"


def test_a_helper_that_starts_finds_the_others(server, docker, victim, others):
    """Their containers and the victim's run, and Docker says nothing of the victim's."""
    with docker.answering("never", about(server, victim)):
        server.sh("systemctl restart labgpud.service")
        log_in(others)
        wait_until(lambda: server.labgpu_json("status", "bob")["containers"][0]["state"] == "running", 5, "bob's container")
    assert victim.ssh("hostname").ok().text == f"{victim.user}-VM"


@pytest.mark.long
def test_an_administrator_is_told_of_the_others(server, docker, victim, others):
    with docker.answering("never", about(server, victim)):
        told = server.labgpu("status", "bob").ok()
        assert "running" in told.text and told.seconds < AS_EVER, told
        told = server.labgpu("status", "--json").ok()
        states = {row["user"]: row["state"] for row in json.loads(told.out)["containers"]}
    assert (states["bob"], states[victim.user]) == ("running", "unknown")
    assert told.seconds < 10 + AROUND, "the whole list waits ten seconds"
