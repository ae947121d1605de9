# Docker, its containerd, the server and the disks below them fail: containers come back, and their users are told.
import contextlib
import json

import pytest

from gpus import restart_docker
from kept import check_kept, settle, told
from processes import wait_until
from test_bad_input import disk_full

pytestmark = pytest.mark.long


@contextlib.contextmanager
def live_restore(server):
    """Docker that leaves containers alone when it ends."""
    server.write("/etc/docker/daemon.json", json.dumps({"live-restore": True}).encode())
    restart_docker(server)
    try:
        yield
    finally:
        server.sh("rm /etc/docker/daemon.json")
        restart_docker(server)


def test_dockers_restart_ends_containers_and_is_told(server, new_user):
    user = settle(new_user())
    before = server.init_pid(user.user)
    restart_docker(server)
    wait_until(lambda: server.init_pid(user.user) not in (0, before), 30, "the container's start by Docker")
    wait_until(lambda: "Docker was restarted" in server.labgpu("status", user.user).text, 20, "the helper's look")
    check_kept(user)
    assert "your container ended because Docker was restarted" in told(user)
    assert told(user) == ""


def test_with_live_restore_nobody_notices(server, new_user):
    with live_restore(server):
        user = settle(new_user())
        before = server.init_pid(user.user)
        with user.background("echo ready; exec cat") as command:
            command.expect(b"ready")
            restart_docker(server)
            command.send(b"still there\n")
            command.expect(b"still there")
        assert server.init_pid(user.user) == before
        assert told(user) == ""
        check_kept(user)


def test_containerds_death_ends_no_container(server, new_user):
    user = settle(new_user())
    before = server.init_pid(user.user)
    with user.background("echo ready; exec cat") as command:
        command.expect(b"ready")
        server.sh("systemctl kill -s KILL containerd.service")
        check_kept(user)
        command.send(b"still there\n")
        command.expect(b"still there")
    assert server.init_pid(user.user) == before
    server.wait_for_docker()
    wait_until(lambda: server.labgpu("restart", user.user).status == 0, 60, "a restart after containerd's", 1)
    check_kept(user)


def test_a_full_disk_of_labgpus_keeps_nobody_out(server, new_user):
    user = settle(new_user())
    server.labgpu("stop", user.user).ok()
    with disk_full(server):
        check_kept(user)
        server.labgpu("stop", user.user).ok()
        server.sh("systemctl restart labgpud.service")
        check_kept(user)
        server.labgpu("stop", user.user).ok()
    check_kept(user)


@contextlib.contextmanager
def dockers_disk_full(server):
    """What Docker knows of its containers, on a small file system that a filler fills."""
    server.sh(
        """set -e
        systemctl stop docker.socket docker.service
        mount -t tmpfs -o size=8m,mode=710 tmpfs /mnt
        cp -a /var/lib/docker/containers/. /mnt
        mount --bind /mnt /var/lib/docker/containers; umount /mnt
        systemctl start docker.socket docker.service
        dd if=/dev/zero of=/var/lib/docker/containers/e2e-filler bs=4k 2>/dev/null || true""",
        timeout=120,
    )
    try:
        yield
    finally:
        server.sh(
            """systemctl stop docker.socket docker.service
            rm -f /var/lib/docker/containers/e2e-filler
            umount -l /var/lib/docker/containers
            systemctl reset-failed docker.service; systemctl start docker.socket docker.service""",
            timeout=120,
        )
        server.wait_for_docker()


def test_a_full_disk_of_dockers_loses_nothing(server, new_user):
    user = settle(new_user())
    server.labgpu("stop", user.user).ok()
    with dockers_disk_full(server):
        result = user.ssh("cat ~/kept /opt/kept", timeout=60)
        assert result.out == b"home\nlayer\n" or "no space left on device" in result.error, result
        server.sh("rm -f /var/lib/docker/containers/e2e-filler")
        wait_until(lambda: user.ssh("true").status == 0, 30, "a login with room on the disk", 1)
        check_kept(user)
        server.labgpu("stop", user.user).ok()
    wait_until(lambda: user.ssh("true").status == 0, 30, "a login on the old disk", 1)
    check_kept(user)


@pytest.mark.destructive
def test_the_servers_restart_is_told(server, laptop, root, new_user):
    user = settle(new_user())
    server.reboot()
    laptop.meet(server)
    root.ssh("true").ok()
    server.wait_for_docker()
    check_kept(user)
    assert "your container ended because the server was restarted" in told(user)
    assert told(user) == ""
