# `labgpu rebuild`: what is kept, what goes, which settings count afterwards, and what a failure leaves.
import pytest

from processes import wait_until
from settings import container_status, no_space_for_images, set_user

pytestmark = pytest.mark.long

INSTALL = "sudo -n sh -c 'echo installed >/opt/tool && chown 0:33 /opt/tool && chmod 4755 /opt/tool'"


def rebuild(server, user, kind, timeout=120):
    return server.labgpu("rebuild", user.user, kind, "--yes", timeout=timeout)


def installed(user):
    return user.ssh("cat /opt/tool 2>/dev/null").text == "installed"


def names(server, user):
    return server.sh(f"docker ps -a --format '{{{{.Names}}}}' --filter name=^{user.user}_").text.split()


def test_keep_has_what_was_installed_and_the_new_settings(server, new_user):
    user = new_user()
    user.ssh(f"{INSTALL} && echo mine >~/mine && echo temporary >/tmp/temporary").ok()
    before = server.containers_of(user.user)
    said = set_user(user, server, "hostname=fresh-{user}", "env=COLOUR=blue").text
    assert "needs a rebuild" in said
    rebuild(server, user, "--keep").ok()
    assert user.ssh("hostname").ok().text == f"fresh-{user.user}"
    assert user.ssh("echo $COLOUR").ok().text == "blue"
    assert installed(user)
    assert user.ssh("stat -c '%a %u:%g' /opt/tool").ok().text == "4755 0:33"
    assert user.ssh("cat ~/mine /tmp/temporary").ok().text.split() == ["mine", "temporary"]
    assert server.containers_of(user.user) != before and len(server.containers_of(user.user)) == 1
    assert container_status(server, user)["needsRebuild"] == []


def test_fresh_has_not(server, new_user):
    user = new_user()
    user.ssh(f"{INSTALL} && echo mine >~/mine").ok()
    rebuild(server, user, "--keep").ok()
    assert installed(user)
    rebuild(server, user, "--fresh").ok()
    assert not installed(user)
    assert user.ssh("cat ~/mine").ok().text == "mine"
    assert server.sh(f"docker images -q labgpu/kept/{user.user}").text == "", "what it was kept in is gone"


def test_the_environment_of_before_is_not_in_the_image(server, new_user):
    user = new_user()
    set_user(user, server, "env=TOKEN=secret")
    user.ssh("true").ok()
    rebuild(server, user, "--keep").ok()
    set_user(user, server, "env=")
    rebuild(server, user, "--keep").ok()
    assert user.ssh("echo [$TOKEN]").ok().text == "[]"
    image = server.sh(f"docker inspect -f '{{{{.Config.Image}}}}' {user.user}_container").text
    config = server.sh(f"docker image inspect -f '{{{{json .Config}}}}' {image}").text
    assert "secret" not in config and "labgpu-init" not in config


def test_sessions_end_and_the_next_login_is_in_the_new_one(server, new_user):
    user = new_user()
    with user.background("echo ready; exec sleep 600") as session:
        session.expect(b"ready")
        rebuild(server, user, "--keep").ok()
        assert session.finish(30).status != 0
    assert user.ssh("hostname").ok().text == f"{user.user}-VM"


def test_a_login_meanwhile_waits_for_the_new_one(server, new_user):
    user = new_user()
    user.ssh(INSTALL).ok()
    # It takes its time to stop.
    with user.background("trap '' TERM; echo ready; while :; do sleep 1; done") as session:
        session.expect(b"ready")
        rebuild = f"labgpu rebuild {user.user} --keep --yes >/var/tmp/e2e-rebuild 2>&1; echo $? >>/var/tmp/e2e-rebuild"
        server.sh(f"({rebuild}) >/dev/null 2>&1 &")
        wait_until(lambda: any(".ran-" in name for name in names(server, user)), 20, "the old one to stand aside", 0.1)
        assert user.ssh("cat /opt/tool", timeout=60).ok().text == "installed"
    wait_until(lambda: server.read("/var/tmp/e2e-rebuild").endswith(b"\n0\n"), 60, "the end of the rebuild")


def test_what_was_stopped_stays_stopped(server, new_user):
    user = new_user()
    user.ssh(INSTALL).ok()
    server.labgpu("stop", user.user).ok()
    rebuild(server, user, "--keep").ok()
    assert container_status(server, user)["state"] == "stopped"
    assert installed(user)


def test_what_cannot_be_had_leaves_it_running(server, new_user):
    user = new_user()
    user.ssh(INSTALL).ok()
    init = server.init_pid(user.user)
    set_user(user, server, "image=127.0.0.1:1/no/such:1")
    refused = rebuild(server, user, "--fresh").failed()
    assert "127.0.0.1:1/no/such:1" in refused.error
    assert server.init_pid(user.user) == init
    rebuild(server, user, "--keep").ok()
    assert installed(user)
    assert container_status(server, user)["needsRebuild"] == ["image"]


def test_a_full_disk_leaves_it_as_it_was(server, new_user):
    user = new_user()
    user.ssh(INSTALL).ok()
    before = server.containers_of(user.user)
    with no_space_for_images(server):
        refused = rebuild(server, user, "--keep").failed()
    assert "no space left" in refused.error and "is as it was" in refused.error, refused
    assert server.containers_of(user.user) == before
    assert container_status(server, user)["state"] == "running"
    assert installed(user)
    assert names(server, user) == [f"{user.user}_container"]
    rebuild(server, user, "--keep").ok()
    assert installed(user)


@pytest.mark.parametrize("after", [0.2, 0.6, 1, 1.5, 2.5])
def test_a_killed_helper_puts_it_right_at_its_next_start(server, new_user, after):
    user = new_user()
    user.ssh(INSTALL).ok()
    server.sh(f"labgpu rebuild {user.user} --keep --yes >/dev/null 2>&1 & sleep {after}; systemctl kill -s KILL labgpud")
    wait_until(lambda: user.ssh("cat /opt/tool").text == "installed", 60, "a login")
    wait_until(lambda: names(server, user) == [f"{user.user}_container"], 60, "one container")
    assert installed(user)


def test_bad_command_lines(server, new_user):
    user = new_user()
    assert server.labgpu("rebuild", user.user, "--yes").status == 2
    unasked = server.labgpu("rebuild", user.user, "--fresh").failed()
    assert "--yes" in unasked.error or "terminal" in unasked.error, unasked
    nobody = server.labgpu("rebuild", "nobody-there", "--keep", "--yes").failed()
    assert "no user" in nobody.error
    none = rebuild(server, user, "--keep").failed()
    assert "has no container" in none.error
