# Containers that nobody uses are stopped where idle_stop says so, and no others.
import time

import pytest

from client import free_port
from kept import check_kept, settle, told
from processes import wait_until
from settings import container_status, set_user

pytestmark = pytest.mark.long


def idler(server, new_user, *settings):
    user = settle(new_user())
    set_user(user, server, "idle_stop=10s", *(settings or ["idle_warning=6s"]))
    return user


def wait_for_stop(server, user, seconds=40):
    wait_until(lambda: container_status(server, user)["state"] == "stopped", seconds, "the idle container's stop", 0.5)


def test_an_idle_container_is_announced_stopped_and_started_again(server, new_user):
    user = idler(server, new_user)
    wait_until(lambda: "idleStopUSec" in container_status(server, user), 20, "the announcement")
    assert "when it stays idle" in server.labgpu("status", user.user).ok().text
    wait_for_stop(server, user)
    log = server.labgpu("log", user.user).ok().text
    assert "will be stopped on" in log and "stopped the container, which was idle" in log
    check_kept(user)
    assert "labgpu: your container was stopped because it was idle" in told(user)
    assert told(user) == ""


def test_what_is_used_is_not_idle(server, new_user):
    """A job in the background, a shell at a terminal, and a login that only forwards."""
    job, shell, forwarding = (idler(server, new_user) for _ in range(3))
    job.ssh("nohup sleep 301 </dev/null >/dev/null 2>&1 &").ok()
    with shell.background("echo ready; exec cat", "-tt") as command:
        command.expect(b"ready")
        with forwarding.forwarding("-L", f"127.0.0.1:{free_port()}:127.0.0.1:1"):
            time.sleep(25)
            server.sh("systemctl restart labgpud.service")  # which forgets what logins there are
            time.sleep(25)
            for user in (job, shell, forwarding):
                assert container_status(server, user)["state"] == "running", user.user
    wait_for_stop(server, forwarding)
    wait_for_stop(server, shell)
    job.ssh("pkill sleep")
    wait_for_stop(server, job)


def test_docker_exec_keeps_it_and_never_is_never(server, new_user):
    user, lasting = idler(server, new_user), settle(new_user())
    server.sh(f"docker exec -d {user.user}_container sleep 35")
    time.sleep(25)
    assert container_status(server, user)["state"] == "running"
    wait_for_stop(server, user)
    assert container_status(server, lasting)["state"] == "running"
    assert "idleStopUSec" not in container_status(server, lasting)


def test_logins_while_it_is_stopped_land_in_it(server, new_user):
    """Whoever comes at the very moment waits for the stop, and then has a container as ever."""
    user = idler(server, new_user, "idle_warning=none")
    for _ in range(2):
        wait_until(lambda: container_status(server, user)["state"] != "running", 30, "a stop", 0.05)
        check_kept(user)


def test_values_that_make_no_sense_are_refused(server, alice):
    for value in ("5s", "soon", "400d", "12"):
        result = server.labgpu("user", "set", "alice", f"idle_stop={value}").failed()
        assert "idle_stop must be a time from 10s on" in result.error, result
