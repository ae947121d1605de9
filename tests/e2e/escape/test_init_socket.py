# init.sock lies in a directory that root in the container owns: what she puts there in place of init's.
import contextlib
import shlex

import pytest

from attempts import trick
from processes import wait_until

pytestmark = [pytest.mark.thorough, pytest.mark.usefixtures("fresh_container", "nobody_else_is_hurt")]
RUN = "/.labgpu/run"
SOCKET = f"{RUN}/init.sock"
REFUSED = "in your container, something else is at /.labgpu/run/init.sock than labgpu-init"

# What she puts in the socket's place, with its directory as the current one.
PLANTED = {
    "a link to the helper's own socket": "ln -s /run/labgpu/session/socket init.sock",
    "a link to the helper's administration socket": "ln -s /run/labgpu/org.labgpu init.sock",
    "a link to Docker's socket": "ln -s /run/docker.sock init.sock",
    "a link to another container's socket": "ln -s ../../bob/run/init.sock init.sock",
    "a link by way of /proc": "ln -s /proc/1/root/run/labgpu/session/socket init.sock",
    "a link to the true socket": "ln -s true.sock init.sock",
    "a file": "echo x >init.sock",
    "a pipe": "mkfifo init.sock",
    "a device": "mknod init.sock c 1 5",
    "a directory": "mkdir init.sock",
}


def log_in_fails(mallory, words):
    result = mallory.ssh("hostname").failed()
    assert result.out == b"" and words in result.error, result
    assert result.seconds < 15, result


@pytest.mark.parametrize("what", PLANTED)
def test_something_else_in_the_sockets_place(mallory, journal, what):
    # Once it is gone there are no more logins to do it with: one command does all of it.
    mallory.root(f"cd {RUN} && mv init.sock true.sock && {PLANTED[what]}").ok()
    log_in_fails(mallory, REFUSED)
    journal.expect(REFUSED, "LABGPU_USER=mallory")


def test_the_true_socket_under_its_name_again(mallory):
    """The positive side: it is what was put there that the helper refuses, and not the moving."""
    mallory.root(f"cd {RUN} && mv init.sock true.sock && mv true.sock init.sock").ok()
    mallory.ssh("hostname").ok()


def test_no_socket_at_all(mallory):
    mallory.root(f"rm {SOCKET}").ok()
    log_in_fails(mallory, "your container ")


@contextlib.contextmanager
def impostor(mallory, kind):
    """A program of hers that listens in init's place; yields it, and what it prints is what it was sent."""
    command = f"rm {SOCKET}; exec {trick('impostor', kind, SOCKET)}"
    with mallory.background(f"sudo -n sh -c {shlex.quote(command)}") as program:
        program.expect(b"up\n")
        yield program


@pytest.mark.parametrize("kind", ["seqpacket", "stream"])
def test_another_process_that_listens_there(mallory, journal, kind):
    with impostor(mallory, kind) as program:
        log_in_fails(mallory, REFUSED)
        journal.expect(REFUSED, "LABGPU_USER=mallory")
        wait_until(lambda: program.poll() or kind == "stream" or b"gone" in program.out, 10, "the helper's connection")
        assert b"got" not in program.out, "the impostor was told something"


def test_the_socket_of_another_container(server, mallory, bob):
    """A hard link to bob's, which root on the host has to make for her: its listener is not her container's."""
    folder = "/var/lib/labgpu/containers"
    mallory.root(f"rm {SOCKET}").ok()
    server.sh(f"ln {folder}/bob/run/init.sock {folder}/mallory/run/init.sock")
    log_in_fails(mallory, REFUSED)


def test_the_socket_is_swapped_all_the_time(mallory):
    """Between the helper's look and its connection the name gets another meaning."""
    swap = f"""cd {RUN} && ln init.sock true.sock && echo swapping && while :; do
        ln true.sock new.sock && mv -fT new.sock init.sock; rm -f new.sock
        ln -s /run/labgpu/org.labgpu new.sock && mv -fT new.sock init.sock; done"""
    with mallory.background(f"sudo -n timeout 60 sh -c {shlex.quote(swap)}") as loop:
        loop.expect(b"swapping")
        answers = [mallory.ssh("hostname") for _ in range(16)]
    for answer in answers:
        assert answer.text == "mallory-VM" if answer.status == 0 else REFUSED in answer.error, answer
    assert {answer.status == 0 for answer in answers} == {True, False}, "nothing was swapped"


# --- PID 1 itself


@pytest.fixture(scope="module")
def debugger(server, mallory):
    """Her container has the capability with which root in it takes over PID 1."""
    server.labgpu("user", "set", "mallory", "cap_add=SYS_PTRACE").ok()
    mallory.start_over()
    yield
    server.labgpu("user", "set", "mallory", "cap_add=").ok()
    mallory.start_over()


ANSWERS = {
    "a descriptor too many": ("extra", "the container does not start the command"),
    "a file in place of a terminal": ("file", "the container does not start the command"),
    "the host's kind of terminal, but no master": ("slave", "the container does not start the command"),
    "a hundred descriptors": ("flood", "the container does not start the command"),
    "a packet that is too large": ("large", "the container does not start the command"),
    "another version": ("version", "the container runs another version"),
    "an endless sentence that drives the terminal": ("sentence", "labgpu: "),
    "nothing": ("hangup", "does not"),
}


@pytest.mark.parametrize("what", ANSWERS)
def test_a_taken_over_init_answers(server, mallory, debugger, what):
    """She holds PID 1 with ptrace, takes its listening socket, and speaks in its name with descriptors of hers."""
    answer, words = ANSWERS[what]
    with mallory.background(f"sudo -n {trick('usurper', answer)}") as program:
        program.expect(b"up\n")
        options = ["-tt"] if answer in ("file", "slave") else []
        result = mallory.ssh("true", *options, timeout=60).failed()
        assert words in result.text + result.error and result.seconds < 40, result
        program.expect(b"served\n")
        assert b"\x1b" not in result.out + result.err
        # All that her program gets are the ends of sshd's pipes: nothing that leads into a directory of the host.
        kinds = set(program.out.decode().split()) - {"up", "served"}
        assert kinds <= {"pipe", "socket", "none"}, kinds
