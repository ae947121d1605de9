# `ssh alice@host labgpu ...` when the container is broken, missing, hung or cannot start: when it is needed most.
import re

import pytest

from bridge import add_host_user, bridged_groups, remove_host_user
from processes import PATIENCE, wait_until
from server import MARKER

pytestmark = [pytest.mark.destructive, pytest.mark.either_release]

# "within a few seconds": a login's own time, and that of whatever does not answer.
AT_ONCE = 5 * PATIENCE


def own(user, *words, **options):
    return user.ssh(f"labgpu {' '.join(words)}", **options)


def status(user):
    """The answer to `labgpu status`, which has to come soon."""
    told = own(user, "status").ok()
    assert told.seconds < AT_ONCE, told
    return told.text


def test_an_image_that_is_nowhere_is_named(server, new_user):
    user = new_user("--image", "labgpu/nowhere:1")
    assert own(user, "status").ok().seconds < AT_ONCE
    assert user.ssh("true").status == 75
    told = status(user)
    assert re.search(r"^container +none yet", told, re.M), told
    assert "It could not be started (20" in told and "the image labgpu/nowhere:1 is not on this server yet" in told, told
    assert "labgpu/nowhere:1" in own(user, "start").failed().error
    server.labgpu("user", "set", user.user, "image=").ok()
    own(user, "start").ok()
    told = status(user)
    assert re.search(r"^container +running since", told, re.M) and "could not be started" not in told, told


def test_an_image_that_cannot_be_fetched_is_told(server, new_user):
    user = new_user("--image", "127.0.0.1:9/none:1")
    user.ssh("true").failed()
    told = wait_until(lambda: "could not be started" in (text := status(user)) and text, 30, "the reason")
    assert "127.0.0.1:9/none:1" in told, told


def test_an_init_that_hangs_keeps_nobody_waiting(server, new_user):
    user = new_user()
    user.ssh("true").ok()
    pid = server.init_pid(user.user)
    server.sh(f"kill -STOP {pid}")
    try:
        assert re.search(r"^container +running since", status(user), re.M)
        restarted = own(user, "restart", "--yes", timeout=60).ok()
        assert restarted.text.splitlines()[1].split()[1] == "running", restarted
    finally:
        server.try_sh(f"kill -CONT {pid}")
    assert user.ssh("hostname").ok().text == f"{user.user}-VM"


def test_a_container_without_a_system_is_restarted_and_told(server, new_user):
    user = new_user()
    user.ssh("sudo mv /bin/bash /bin/bash.away; sudo mv /usr/bin/sh /usr/bin/sh.away; true")
    assert re.search(r"^container +running since", status(user), re.M)
    own(user, "stop", "--yes", timeout=60).ok()


def test_a_container_that_does_not_stay_up_is_told(server, new_user):
    user = new_user()
    user.ssh("true").ok()
    server.sh("mv /usr/libexec/labgpu/guest/labgpu-init /usr/libexec/labgpu/guest/away")
    try:
        server.sh(f"docker restart -t 1 {user.user}_container || true")
        user.ssh("true").failed()
        told = status(user)
        assert re.search(r"^container +stopped", told, re.M) and "could not be started" in told, told
    finally:
        server.sh("mv /usr/libexec/labgpu/guest/away /usr/libexec/labgpu/guest/labgpu-init")
    own(user, "start").ok()
    assert user.ssh("hostname").ok().text == f"{user.user}-VM"


def test_docker_that_is_stopped_is_told(server, new_user):
    user = new_user()
    user.ssh("true").ok()
    server.sh("systemctl stop docker.socket docker.service", timeout=120)
    try:
        told = status(user)
        assert re.search(r"^container +unknown: Docker does not answer", told, re.M), told
        assert "could not be started" in told and "see systemctl status docker" in told, told
        assert re.search(r"^image +", told, re.M), told
        for command in ("sessions", "keys", "help"):
            own(user, command).ok()
        refused = own(user, "start").failed()
        assert "Docker cannot" in refused.error, refused
    finally:
        server.sh("systemctl start docker.service", timeout=120)
        server.wait_for_docker()
    wait_until(lambda: user.ssh("true").status == 0, 60, "a login")


def test_docker_that_hangs_is_told(server, new_user):
    user = new_user()
    user.ssh("true").ok()
    own(user, "stop", "--yes", timeout=60).ok()
    server.sh("pkill -STOP -x dockerd")
    try:
        told = own(user, "status", timeout=60).ok()
        assert re.search(r"^container +unknown$", told.text, re.M), told
        # PAM waits for the container before anything can be asked: three quarters of loginWaitSeconds.
        assert told.seconds < 9 * PATIENCE + 8 + AT_ONCE, told
    finally:
        server.sh("pkill -CONT -x dockerd")
    wait_until(lambda: user.ssh("true").status == 0, 60, "a login")


def test_members_of_a_bridge_have_it_too(server, laptop, carol, no_marker):
    """Nothing of the host can be executed in their logins but labgpu's own two programs."""
    server.sh("groupadd -f gpuusers")
    with bridged_groups(server, "gpuusers"):
        gwen = add_host_user(server, laptop, "gwen")
        try:
            gwen.ssh(f"echo 'touch {MARKER}' >> ~/.bashrc").ok()
            assert re.search(r"^container +running since", status(gwen), re.M)
            refused = gwen.ssh("labgpu passwd --password-stdin", stdin=b"a\nb\n").failed()
            assert "gwen is an account of this server" in refused.error, refused
            own(gwen, "restart", "--yes", timeout=60).ok()
        finally:
            remove_host_user(server, "gwen")
    server.sh("groupdel gpuusers")


def test_a_program_that_is_missing_is_said(server, alice):
    server.sh("mv /usr/libexec/labgpu/labgpu-self /usr/libexec/labgpu/away")
    try:
        refused = own(alice, "status").failed()
        assert refused.status == 254 and "cannot run labgpu-self" in refused.error, refused
        alice.ssh("true").ok()
    finally:
        server.sh("mv /usr/libexec/labgpu/away /usr/libexec/labgpu/labgpu-self")
