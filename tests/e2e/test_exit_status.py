# How a command ends is what the client sees: exit status, and death by signal as from a plain host account.
from concurrent.futures import ThreadPoolExecutor

import pytest

SIGNALS = ["HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM"]
SIGNALS += ["TERM", "XCPU", "SYS", "34"]


def test_exit_statuses_0_to_255(alice):
    with alice.master() as shared, ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda status: shared.ssh(f"exit {status}").status, range(256)))
    assert seen == list(range(256))


@pytest.mark.parametrize("status", [0, 1, 42, 127, 255])
def test_exit_status_of_a_login_of_its_own(alice, status):
    assert alice.ssh(f"exit {status}").status == status


def test_command_not_found_is_127(alice):
    result = alice.ssh("no-such-program-here")
    assert result.status == 127
    assert "not found" in result.error


def test_exit_status_with_a_terminal(alice):
    assert alice.ssh("exit 7", "-tt").status == 7


def describe_end(client, signal, *options):
    """What the client was told about the end of a command that a signal killed."""
    result = client.ssh(f"kill -{signal} $$; sleep 5", "-v", *options)
    told = [line for line in result.error.splitlines() if "rtype exit-" in line]
    return result.status, told, result.text


@pytest.mark.either_release
def test_death_by_signal_looks_as_with_a_host_account(alice, carol):
    with alice.master() as alices, carol.master() as carols:
        for signal in SIGNALS:
            expected = describe_end(carols, signal)
            assert describe_end(alices, signal) == expected, f"SIG{signal}"


@pytest.mark.parametrize("signal", ["KILL", "TERM", "SEGV"])
def test_death_by_signal_is_told_as_exit_signal(alice, carol, signal):
    status, told, _ = describe_end(alice, signal)
    assert (status, told) == describe_end(carol, signal)[:2]
    assert told and "exit-signal" in told[0], "the comparison shows something only if sshd sends exit-signal"


def test_death_by_signal_with_a_terminal(alice, carol):
    assert describe_end(alice, "TERM", "-tt") == describe_end(carol, "TERM", "-tt")


def test_status_of_a_pipeline_and_of_a_background_process(alice):
    result = alice.ssh("(sleep 300 >/dev/null 2>&1 </dev/null & ) ; false | true; exit ${PIPESTATUS[0]}")
    assert result.status == 1
    assert result.seconds < 10, "waited for a process that had nothing to do with the session"
