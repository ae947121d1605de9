# The judge of the storm notices what it is there for: forged answers, each wrong in one way.
import dataclasses

import pytest

from judge import HUNG, Outcome, Place, Verdict, judge_answer, judge_copy, message

HOST = ("mnt:[1]", "pid:[2]", "net:[3]")
PLACE = Place(("alice", "alice-VM", "home1", "layer1"), HOST)
CAROL = Place(("carol", "gpu01", "home2", "layer2"), HOST, on_host=True)
INSIDE = ("mnt:[11]", "pid:[12]", "net:[13]")


def outcome(*lines, status=0, err="", seconds=0.1):
    return Outcome(status, "".join(f"{line}\n" for line in lines), err, seconds)


GOOD = outcome("n1n", *PLACE.lines, *INSIDE, "n1n")


def verdict(answer, may_be_cut=False, **more):
    return judge_answer(answer, PLACE, "n1n", may_be_cut, **more).verdict


def changed(old, new):
    assert old in GOOD.out
    return dataclasses.replace(GOOD, out=GOOD.out.replace(old, new))


def test_right_answers_are_fine():
    assert verdict(GOOD) == Verdict.FINE
    assert judge_answer(outcome("n2n", *CAROL.lines, *HOST, "n2n"), CAROL, "n2n", False).verdict == Verdict.FINE
    told = outcome("labgpu: your container was killed", "n1n", *PLACE.lines, *INSIDE, "n1n")
    assert verdict(told, terminal=True) == Verdict.FINE
    assert verdict(dataclasses.replace(GOOD, out=GOOD.out.replace("\n", "\r\n")), terminal=True) == Verdict.FINE


FORGED = {
    "another account": changed("alice\n", "bob\n"),
    "the host's name": changed("alice-VM", "gpu01"),
    "another home": changed("home1", "home2"),
    "another container": changed("layer1", "layer2"),
    "a file that is gone": changed("layer1\n", ""),
    "the host's mounts": changed("mnt:[11]", "mnt:[1]"),
    "the host's network": changed("net:[13]", "net:[3]"),
    "another login's answer": changed("n1n", "n2n"),
    "half an answer": outcome("n1n", "alice"),
    "nothing": outcome(),
    "a byte more": outcome("x", "n1n", *PLACE.lines, *INSIDE, "n1n"),
    "hung, and right": dataclasses.replace(GOOD, seconds=HUNG + 1),
    "no end": dataclasses.replace(GOOD, status=None),
}


@pytest.mark.parametrize("forged", FORGED)
def test_a_forged_answer_is_wrong_whatever_is_broken(forged):
    assert verdict(FORGED[forged], may_be_cut=True) == Verdict.WRONG


def test_a_refusal_needs_a_sentence():
    assert verdict(outcome(status=75, err="labgpu: Docker is down\n")) == Verdict.REFUSED
    assert verdict(outcome(status=255)) == Verdict.WRONG
    assert verdict(outcome(status=1, err="Connection to 10.0.0.1 closed.\r\n"), terminal=True) == Verdict.WRONG
    assert verdict(outcome(status=255), may_be_cut=True) == Verdict.REFUSED


def test_half_an_answer_of_a_login_that_failed_is_looked_at_too():
    cut = outcome("n1n", "alice", "alice-VM", "ho", status=255, err="Connection closed\n")
    assert verdict(cut, may_be_cut=True) == Verdict.REFUSED
    elsewhere = outcome("n1n", "alice", "gpu01", "ho", status=255, err="Connection closed\n")
    assert verdict(elsewhere, may_be_cut=True) == Verdict.WRONG
    on_host = outcome("n1n", *PLACE.lines, HOST[0], "pid", status=255)
    assert verdict(on_host, may_be_cut=True) == Verdict.WRONG


def test_an_account_of_the_host_belongs_on_the_host():
    inside = outcome("n2n", *CAROL.lines, *INSIDE, "n2n")
    assert judge_answer(inside, CAROL, "n2n", True).verdict == Verdict.WRONG


def test_copies():
    assert judge_copy(outcome(), b"a", b"a", False).verdict == Verdict.FINE
    assert judge_copy(outcome(), b"a", b"b", True).verdict == Verdict.WRONG
    assert judge_copy(outcome(), b"a", b"", True).verdict == Verdict.WRONG
    assert judge_copy(outcome(status=1, err="lost connection"), b"a", b"", False).verdict == Verdict.REFUSED
    assert judge_copy(outcome(seconds=HUNG + 1), b"a", b"a", True).verdict == Verdict.WRONG


def test_equal_messages_are_counted_as_one():
    assert message("labgpu: no\nConnection closed by 10.0.0.1 port 22\n") == "labgpu: no"
    assert message("scp: Connection closed\n") == "scp: Connection closed"
    assert message("x\nbob's container 12 is away\r\n") == message("alice's container 7 is away")
