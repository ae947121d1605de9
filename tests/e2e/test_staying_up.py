# Containers that end, by whatever: the next login starts them, nothing of the user's is lost, and a person is told why.
import pytest

from kept import check_kept, settle, told
from processes import wait_until
from settings import container_status, made_with

pytestmark = pytest.mark.either_release

AFTERWARDS = "it was started again, and its files are as they were"
INIT = "$(docker inspect -f '{{{{.State.Pid}}}}' {user}_container)"
HOG = "perl -e '$x = q(x) x 400_000_000; sleep 60'"

ENDS = {
    "docker kill": ("docker kill {user}_container", "was killed from outside"),
    "docker stop": ("docker stop {user}_container", "was stopped with Docker"),
    "the end of init": (f"kill -9 {INIT}", "was killed from outside"),
}


@pytest.mark.parametrize("end", ENDS)
def test_what_ended_it_is_told_to_a_person_once(server, new_user, end):
    user = settle(new_user())
    command, reason = ENDS[end]
    server.sh(command.format(user=user.user))
    check_kept(user)  # a program, which takes nothing of the sentence away from the person
    said = told(user)
    assert said.startswith(f"labgpu: your container {reason}"), said
    assert said.endswith(AFTERWARDS), said
    assert told(user) == ""
    assert reason in server.labgpu("status", user.user).ok().text
    assert reason in server.labgpu("log", user.user).ok().text


@pytest.mark.parametrize("end", ["labgpu stop {user}", "labgpu restart {user}"])
def test_what_somebody_asked_labgpu_for_is_not_told(server, new_user, end):
    user = settle(new_user())
    server.sh(end.format(user=user.user))
    assert told(user) == ""
    check_kept(user)


def test_programs_with_a_terminal_of_their_own_files_get_no_byte_more(server, new_user, tmp_path):
    user = settle(new_user())
    server.sh(f"docker kill {user.user}_container")
    user.scp("server:kept", str(tmp_path / "kept")).ok()
    assert (tmp_path / "kept").read_text() == "home\n"
    assert user.sftp("get kept /dev/null\n").ok().err == b""
    assert "was killed" in told(user)


def test_a_container_that_ran_out_of_memory(server, new_user):
    user = settle(made_with(server, new_user, "memory=64m"))
    with user.background(f"echo ready; read -r go; {HOG} & {HOG}") as hog:
        hog.expect(b"ready")
        # The kernel would take the program; here it is to take the container with it. Children inherit the number, and
        # the kernel adds what a process has, so that one alone could have as much as the number stands for.
        server.sh(f"echo 1000 >/proc/{server.init_pid(user.user)}/oom_score_adj")
        hog.send(b"go\n")
        hog.finish(60).failed()
    said = told(user)
    assert "was ended by the kernel because it ran out of memory (limit 64m)" in said, said
    check_kept(user)


def test_a_program_that_ran_out_of_memory_alone(server, new_user):
    user = settle(made_with(server, new_user, "memory=64m"))
    before = server.init_pid(user.user)
    assert user.ssh(HOG, timeout=60).status != 0
    assert server.init_pid(user.user) == before
    wait_until(lambda: container_status(server, user)["memoryKills"] >= 1, 20, "the kernel's word")
    assert "ran out of memory: the kernel killed " in server.labgpu("status", user.user).ok().text
    assert "the kernel killed a process" in server.labgpu("log", user.user).ok().text
    assert told(user) == ""


def test_an_image_that_is_gone(server, new_user):
    """A container needs its image no more, running or not; a new one says what is missing."""
    stopped, running, fresh = settle(new_user()), settle(new_user()), new_user()
    server.labgpu("stop", stopped.user).ok()
    image = server.sh("docker image inspect -f '{{.Id}}' labgpu/default:latest").text
    try:
        server.sh("docker image prune -af", timeout=120)
        check_kept(stopped)
        check_kept(running)
        server.labgpu("stop", stopped.user).ok()
        server.sh("docker rmi -f labgpu/default:latest")
        check_kept(stopped)
        check_kept(running)
        refused = fresh.ssh("true").failed()
        assert "the image labgpu/default:latest is not on this server yet" in refused.error, refused
    finally:
        server.sh(f"docker tag {image} labgpu/default:latest")
    fresh.ssh("true").ok()


def test_systemds_reload_ends_nothing(server, new_user):
    user = settle(new_user())
    with user.background("echo ready; exec cat") as command:
        command.expect(b"ready")
        server.sh("systemctl daemon-reload")
        command.send(b"still there\n")
        command.expect(b"still there")
    assert told(user) == ""
    check_kept(user)
