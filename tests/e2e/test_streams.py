# Standard input, output and error: whole, apart, and ending when they should.
import hashlib
import os
import shlex
import subprocess
import time

import pytest

from client import free_port

GIGABYTES = 2 * 1024**3
# Numbers in order: no part repeats, and both sides can make it fast.
LONG_STREAM = f"seq 1 1000000000 | head -c {GIGABYTES}"
# Whatever the machine does fast; the test is about the session, not about the cipher.
CIPHER = ("-c", "aes128-gcm@openssh.com")


@pytest.fixture(scope="module")
def long_stream_checksum():
    return subprocess.run(f"{LONG_STREAM} | b2sum", shell=True, check=True, capture_output=True, timeout=120).stdout


def test_stdin_is_read_to_its_end(alice):
    data = os.urandom(3_000_001)
    assert alice.ssh("wc -c", stdin=data).ok().text == "3000001"


def test_empty_stdin_ends_at_once(alice):
    assert alice.ssh("cat; echo end").ok().out == b"end\n"


def test_command_goes_on_after_the_end_of_its_input(alice):
    assert alice.ssh("cat; sleep 1; echo after", stdin=b"before\n").ok().out == b"before\nafter\n"


def test_answers_come_before_the_end_of_the_input(alice):
    with alice.background("while read -r line; do echo got-$line; done; echo over") as command:
        for word in (b"one", b"two"):
            command.send(word + b"\n")
            command.expect(b"got-" + word + b"\n")
        assert command.finish().ok().out == b"got-one\ngot-two\nover\n"


@pytest.mark.parametrize("account", ["alice", "carol"])
def test_end_of_output_comes_when_the_command_closes_it(request, account):
    client = request.getfixturevalue(account)
    with client.background("echo first; exec <&- >&- 2>&-; sleep 4; exit 3") as command:
        command.expect(b"first\n")
        started = time.monotonic()
        while command.process.stdout in command.streams:
            command._read(0.1)
        assert time.monotonic() - started < 3, "the output ended only with the command"
        assert command.finish().status == 3


@pytest.mark.parametrize("account", ["alice", "carol"])
def test_a_reader_that_stops_ends_the_writer(request, account, server):
    """`ssh alice 'yes' | head -n 1` has to end, here as with a host account."""
    client = request.getfixturevalue(account)
    with client.background("yes gone-reader") as command:
        command.expect(b"gone-reader")
        command.process.stdout.close()
        command.process.wait(20)
    assert server.try_sh("pgrep -fx 'yes gone-reader'").status == 1, "the writer lives on"


def test_stdout_and_stderr_stay_apart(alice):
    result = alice.ssh("echo one; echo two >&2; echo three").ok()
    assert (result.out, result.err) == (b"one\nthree\n", b"two\n")


def test_nothing_is_added_to_the_output(alice):
    result = alice.ssh("true").ok()
    assert (result.out, result.err) == (b"", b"")


def test_descriptors_beside_0_1_2_do_not_leak_into_the_command(alice):
    assert alice.ssh("ls /proc/self/fd").ok().text.split() == ["0", "1", "2", "3"]  # 3 is the directory itself


def test_binary_comes_back_untouched(alice):
    data = os.urandom(64 * 1024**2)
    result = alice.ssh("cat", *CIPHER, stdin=data, timeout=120).ok()
    assert hashlib.blake2b(result.out).digest() == hashlib.blake2b(data).digest()


def test_every_byte_value_comes_back_untouched(alice):
    data = bytes(range(256)) * 3
    assert alice.ssh("cat", stdin=data).ok().out == data


@pytest.mark.long
def test_2_gib_out_of_the_session(alice, long_stream_checksum):
    ssh = shlex.join(alice.ssh_argv(*CIPHER, "--", LONG_STREAM))
    received = subprocess.run(f"{ssh} | b2sum", shell=True, capture_output=True, timeout=240, check=True)
    assert received.stdout == long_stream_checksum, received.stderr


@pytest.mark.long
def test_2_gib_into_the_session(alice, long_stream_checksum):
    ssh = shlex.join(alice.ssh_argv(*CIPHER, "--", "b2sum"))
    received = subprocess.run(f"{LONG_STREAM} | {ssh}", shell=True, capture_output=True, timeout=240, check=True)
    assert received.stdout == long_stream_checksum, received.stderr


def test_script_on_stdin_of_a_shell_as_editors_do(alice):
    """VS Code Remote-SSH: `ssh -T -D PORT host sh`, then a script that leaves a server running."""
    script = b"""
        nohup sh -c 'echo $$ >/tmp/server.pid; exec sleep 600' >/dev/null 2>&1 </dev/null &
        while [ ! -s /tmp/server.pid ]; do sleep 0.05; done
        echo "started: $(uname -s) $(hostname) $(kill -0 $(cat /tmp/server.pid) && echo alive)"
    """
    result = alice.ssh("sh", "-T", "-D", f"127.0.0.1:{free_port()}", stdin=script).ok()
    assert result.text == "started: Linux alice-VM alive"
    assert result.err == b""
    assert alice.ssh("kill $(cat /tmp/server.pid)").ok(), "the server did not outlive its session"
