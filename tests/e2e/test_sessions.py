# `labgpu sessions` and `kill`: who is logged in, what they run, and how it is ended.
import pytest

from processes import wait_until

pytestmark = pytest.mark.either_release


def sessions(server, *arguments):
    return server.labgpu_json("sessions", *arguments)["logins"]


def test_who_from_where_and_what(server, alice, bob):
    with (
        alice.background("echo ready; exec sleep 81811") as one,
        bob.forwarding(),
    ):
        one.expect(b"ready")
        with alice.background("echo ready; exec sleep 81812", "-tt") as two:
            two.expect(b"ready")
            listed = wait_until(lambda: (found := sessions(server)) and len(found) == 3 and found, 10, "three sessions")
            table = server.labgpu("sessions", "alice").ok().text.splitlines()
    assert [login["user"] for login in sorted(listed, key=lambda login: login["user"])] == ["alice", "alice", "bob"]
    commands = [command for login in listed if login["user"] == "alice" for command in login["commands"]]
    assert sorted(command["command"] for command in commands) == [
        "echo ready; exec sleep 81811",
        "echo ready; exec sleep 81812",
    ]
    assert sorted(command["terminal"] for command in commands) == [False, True]
    assert [login["commands"] for login in listed if login["user"] == "bob"] == [[]]
    assert table[0].split() == "SESSION USER FROM SINCE WHAT".split()
    assert len(table) == 3 and table[2].endswith("echo ready; exec sleep 81812 (terminal)"), table


def test_one_login_is_ended_and_the_other_goes_on(server, alice):
    with alice.background("echo ready; exec sleep 81821", "-tt") as one, alice.background("echo ready; exec cat") as two:
        one.expect(b"ready")
        two.expect(b"ready")
        number = next(
            login["number"] for login in sessions(server, "alice") if "81821" in login["commands"][0]["command"]
        )
        assert server.labgpu("kill", "alice", str(number)).ok().text == "alice: ended 1 session"
        assert one.finish(20).status == 255
        wait_until(lambda: server.try_sh("pgrep -xf 'sleep 81821'").status == 1, 10, "the end of what ran there")
        two.send(b"still there\n")
        two.expect(b"still there")
        assert [login["commands"][0]["command"] for login in sessions(server, "alice")] == ["echo ready; exec cat"]


def test_all_logins_of_an_account_are_ended(server, alice, bob):
    with alice.background("echo ready; exec sleep 81831") as one, bob.background("echo ready; exec cat") as other:
        one.expect(b"ready")
        other.expect(b"ready")
        assert server.labgpu("kill", "alice").ok().text == "alice: ended 1 session"
        assert one.finish(20).status == 255
        other.send(b"still there\n")
        other.expect(b"still there")
    wait_until(lambda: sessions(server, "alice") == [], 10, "no session")
    assert server.labgpu("kill", "alice").ok().text == "alice: ended 0 sessions"


def test_a_login_that_is_not_there_is_said(server, alice):
    result = server.labgpu("kill", "alice", "4711").failed()
    assert result.error == "labgpu: alice has no login 4711: labgpu sessions shows those that are open", result
