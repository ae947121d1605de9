# `labgpu snapshot`, `snapshots` and `restore`, through ssh and as Docker has the images.
import pytest

from settings import container_status, no_space_for_images, set_user

pytestmark = pytest.mark.long


def snapshots(server, *arguments):
    return server.labgpu_json("snapshots", *arguments)["snapshots"]


def snapshot(server, user, *options):
    return server.labgpu("snapshot", user.user, *options, timeout=120)


def restore(server, user, name, *options):
    return server.labgpu("restore", user.user, name, "--yes", *options, timeout=120)


def write(user, text):
    user.ssh(f"sudo -n sh -c 'echo {text} >/opt/state'").ok()


def state(user):
    return user.ssh("cat /opt/state").ok().text


def test_back_and_forth(server, new_user):
    user = new_user()
    write(user, "then")
    user.ssh("echo mine >~/mine").ok()
    assert "then" in snapshot(server, user, "--name", "then", "--note", "before the upgrade").ok().text
    write(user, "now")
    user.ssh("echo newer >~/mine").ok()
    said = restore(server, user, "then").ok().text
    assert state(user) == "then"
    assert user.ssh("cat ~/mine").ok().text == "newer", "the home is no part of it"
    saved = next(one["name"] for one in snapshots(server, user.user) if one["automatic"])
    assert saved in said
    restore(server, user, saved, "--discard").ok()
    assert state(user) == "now"
    assert [one["name"] for one in snapshots(server, user.user)] == ["then", saved]


def test_the_list_tells_date_size_and_note(server, new_user):
    user = new_user()
    user.ssh("sudo -n head -c 5M /dev/urandom | sudo -n tee /opt/five >/dev/null").ok()
    snapshot(server, user, "--name", "five", "--note", "five MB").ok()
    one = snapshots(server, user.user)[0]
    assert 5 << 20 <= one["bytes"] < 9 << 20
    now = int(server.sh("date +%s").text)
    assert now - 120 < one["madeUSec"] / 1e6 <= now + 1
    table = server.labgpu("snapshots", user.user).ok().text.splitlines()
    assert table[0].split() == "USER SNAPSHOT MADE SIZE NOTE".split()
    assert table[1].endswith("MiB  five MB")
    assert one in snapshots(server)


def test_sessions_go_on_meanwhile(server, new_user):
    user = new_user()
    with user.background("echo ready; exec cat") as session:
        session.expect(b"ready")
        since = server.sh("date +%s").text
        snapshot(server, user).ok()
        session.send(b"still there\n")
        session.expect(b"still there")
    events = f"docker events --since {since} --until $(date +%s) --filter container={user.user}_container"
    assert "pause" not in server.sh(events).text


def test_no_more_than_the_setting_says(server, new_user):
    user = new_user()
    user.ssh("true").ok()
    set_user(user, server, "snapshots=2")
    snapshot(server, user, "--name", "one").ok()
    snapshot(server, user, "--name", "two").ok()
    refused = snapshot(server, user, "--name", "three").failed()
    assert f"labgpu snapshots {user.user} --remove one" in refused.error
    kept = restore(server, user, "two").failed()
    assert "would be lost" in kept.error
    server.labgpu("snapshots", user.user, "--remove", "one", "--yes").ok()
    restore(server, user, "two").ok()


@pytest.mark.parametrize("name", ["-x", "a b", "../x", "a:b", "ä", "x" * 65])
def test_bad_names_are_refused(server, alice, name):
    alice.ssh("true").ok()
    refused = server.labgpu("snapshot", "alice", f"--name={name}").failed()
    assert "a snapshot's name has letters" in refused.error


def test_names_are_taken_once(server, new_user):
    user = new_user()
    user.ssh("true").ok()
    snapshot(server, user, "--name", "base").ok()
    assert "already" in snapshot(server, user, "--name", "base").failed().error
    assert "no snapshot" in restore(server, user, "other").failed().error
    assert "no snapshot" in server.labgpu("snapshots", user.user, "--remove", "other", "--yes").failed().error


def test_prune_leaves_them_and_a_removed_account_keeps_them_from_the_next(server, new_user):
    user = new_user()
    user.ssh("true").ok()
    snapshot(server, user, "--name", "base").ok()
    server.sh("docker image prune -f")
    assert len(snapshots(server, user.user)) == 1
    server.labgpu("user", "remove", "--yes", user.user).ok()
    server.sh(f"docker rm -f {user.user}_container; rm -rf /home/{user.user}")
    server.labgpu("user", "add", user.user).ok()
    assert snapshots(server, user.user) == []
    server.labgpu("start", user.user).ok()
    taken = snapshot(server, user, "--name", "base").failed()
    assert "already" in taken.error
    server.sh(f"docker rmi labgpu/snapshot/{user.user}:base")


def test_purge_takes_them_along(server, new_user):
    user = new_user()
    user.ssh("true").ok()
    snapshot(server, user, "--name", "base").ok()
    server.labgpu("user", "remove", "--purge", "--yes", "--force", user.user, timeout=120).ok()
    assert server.try_sh(f"docker image inspect labgpu/snapshot/{user.user}:base").status != 0


def test_a_full_disk_leaves_nothing(server, new_user):
    user = new_user()
    write(user, "then")
    with no_space_for_images(server):
        assert "no space left" in snapshot(server, user, "--name", "large").failed().error
    assert snapshots(server, user.user) == []
    assert container_status(server, user)["state"] == "running"
    snapshot(server, user, "--name", "large").ok()


def test_an_export_is_loaded_and_runs(server, new_user):
    user = new_user()
    write(user, "then")
    snapshot(server, user, "--name", "then").ok()
    write(user, "now")
    export = ["export", user.user]
    assert f"/home/{user.user}/now.tar" in server.labgpu(*export, "now.tar", timeout=120).ok().text
    server.labgpu(*export, f"/home/{user.user}/then.tar", "--snapshot", "then", timeout=120).ok()
    assert user.ssh("stat -c '%a %U' now.tar then.tar").ok().text.split("\n") == [f"600 {user.user}"] * 2
    assert user.ssh("rm now.tar.part").status != 0
    server.labgpu("snapshots", user.user, "--remove", "then", "--yes").ok()
    for name in ("then", "now"):
        loaded = server.sh(f"docker load -qi /home/{user.user}/{name}.tar", timeout=120).text.split()[-1]
        assert server.sh(f"docker run --rm {loaded} cat /opt/state").text == name
        server.sh(f"docker rmi {loaded}")


def test_an_export_goes_only_where_the_user_may_write(server, new_user):
    user = new_user()
    user.ssh("ln -s /etc etc; sudo -n mkdir roots; echo mine >there").ok()
    for path, why in {
        "/etc/x.tar": "is neither in the home",
        "etc/x.tar": "symbolic link",
        "../x.tar": "not the plain path",
        "roots/x.tar": "own to write to",
        "there": "is there already",
        "no/x.tar": "No such file",
    }.items():
        refused = server.labgpu("export", user.user, path, timeout=120).failed()
        assert why in refused.error, refused
    assert user.ssh("cat there; ls *.part 2>/dev/null").text == "mine"


def test_a_full_disk_leaves_no_file(server, new_user):
    user = new_user()
    user.ssh("mkdir small").ok()
    where = f"/home/{user.user}/small"
    server.sh(f"mount -t tmpfs -o size=1m,uid=$(id -u {user.user}) tmpfs {where}")
    try:
        refused = server.labgpu("export", user.user, "small/x.tar", timeout=120).failed()
        assert "No space left" in refused.error
        assert server.sh(f"ls -A {where}").text == ""
    finally:
        server.sh(f"umount {where}")
