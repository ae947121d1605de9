# `labgpu log`: what happened to logins and containers, for whoever may know.
import json

import pytest

from processes import Background, wait_until

pytestmark = pytest.mark.either_release


def log_of(server, *arguments):
    return server.labgpu_json("log", *arguments)["entries"]


def events(server, user):
    return [entry["event"] for entry in log_of(server, user.user)]


def test_a_life_is_told_in_order(server, new_user):
    user = new_user()
    user.ssh("echo secret-word").ok()
    server.labgpu("stop", user.user).ok()
    server.labgpu("start", user.user).ok()
    server.sh(f"docker kill {user.user}_container")
    wanted = ["created", "started", "login", "command", "logout", "stopped", "started", "ended"]
    wait_until(lambda: events(server, user) == wanted, 20, f"the events {wanted}")
    entries = log_of(server, user.user)
    assert {entry["user"] for entry in entries} == {user.user}
    assert entries[0]["container"] == f"{user.user}_container"
    assert f"session opened for {user.user} from " in entries[2]["message"]
    assert entries[3]["message"] == f"{user.user} runs echo"
    assert "secret-word" not in json.dumps(entries)
    times = [entry["atUSec"] for entry in entries]
    assert times == sorted(times)
    lines = server.labgpu("log", user.user, "--lines", "3").ok().text.splitlines()
    assert [line.split()[3] for line in lines] == ["stopped", "started", "ended"]


def test_since_leaves_out_what_is_older(server, alice):
    alice.ssh("true").ok()
    assert log_of(server, "alice", "--since", "2999-12-31") == []
    assert log_of(server, "alice", "--since", "2020-01-01")
    assert "since must be a date" in server.labgpu("log", "--since", "soon").failed().error


def test_follow_goes_on(server, new_user):
    user = new_user()
    user.ssh("true").ok()
    command = [server.testhost_program, "exec", server.name, "timeout", "60", "labgpu", "log", user.user, "--follow"]
    with Background(command) as following:
        following.expect(b"logout")
        server.labgpu("stop", user.user).ok()
        following.expect(b"stopped the container")
        assert following.out.count(b"logout") == 1


def test_users_see_their_own_and_nobody_elses(server, new_user):
    one, other = new_user(), new_user()
    one.ssh("true").ok()
    other.ssh("true").ok()
    by_one = f"setpriv --reuid {one.user} --regid {one.user} --init-groups -- labgpu log --json"
    entries = json.loads(server.sh(by_one).text)["entries"]
    assert {entry["user"] for entry in entries} == {one.user}
    refused = server.try_sh(f"{by_one} {other.user}").failed()
    assert f"you may do that for your own account, {one.user}" in refused.error, refused


def test_what_others_write_into_the_journal_does_not_count(server, new_user):
    user = new_user()
    server.sh(
        "printf 'SYSLOG_IDENTIFIER=labgpud\\nLABGPU_EVENT=login\\nLABGPU_USER=%s\\nMESSAGE=forged\\n' "
        f"{user.user} | setpriv --reuid carol --regid carol --init-groups -- logger --journald"
    )
    wait_until(lambda: "forged" in server.sh("journalctl -q -n 50 -o cat").text, 10, "the forged entry")
    assert log_of(server, user.user) == []
