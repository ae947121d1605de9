# Removing accounts: what is kept, and what goes for good with --purge, also when root in the container wanted more to go.
import pexpect
import pytest

from processes import wait_until
from terminal import Terminal

pytestmark = pytest.mark.long

# Links out of the home, names that scripts trip over, a pipe, what nobody may read, and deeper than descriptors last.
HOSTILE = r"""cd ~ && sudo -n sh -c '
    mkdir -p a/b && echo x >a/b/file && ln -s / root && ln -s /var/tmp/precious precious && ln -s ../../../var/tmp/precious a/b/up
    mkfifo pipe && touch -- -rf "$(printf "two\nlines")" && chmod 0 a
    i=0; while [ $i -lt 300 ]; do mkdir d && cd d || exit; i=$((i + 1)); done; echo x >bottom'"""


@pytest.fixture
def precious(server):
    """A directory of the host's that a purge must not reach."""
    server.sh("mkdir -p /var/tmp/precious && echo precious >/var/tmp/precious/file")
    yield "/var/tmp/precious"
    assert server.read("/var/tmp/precious/file") == b"precious\n"
    server.sh("rm -r /var/tmp/precious")


def purge(server, name, *options):
    return server.labgpu("user", "remove", "--purge", "--force", *options, name, timeout=120)


def is_there(server, path):
    return server.try_sh(f"test -e {path}").status == 0


def test_remove_keeps_home_and_container(server, new_user):
    user = new_user()
    user.ssh("echo mine >~/mine").ok()
    said = server.labgpu("user", "remove", "--yes", user.user).ok().text
    assert said.splitlines()[1] == f"kept: /home/{user.user}" and f"kept: container {user.user}_container" in said
    assert server.read(f"/home/{user.user}/mine") == b"mine\n"
    assert len(server.containers_of(user.user)) == 1


def test_purge_says_what_goes_and_asks(server, root, new_user):
    user = new_user()
    user.ssh("head -c 3M /dev/zero >~/three").ok()
    command = f"labgpu user remove --purge --force {user.user}"
    for answer, status in (("", 1), ("n", 1), ("y", 0)):
        with Terminal(root, command, columns=120) as terminal:
            terminal.ssh.expect_exact("Delete all of it? [y/N] ")
            plan = terminal.ssh.before.decode()
            terminal.ssh.sendline(answer)
            terminal.ssh.expect(pexpect.EOF)
            terminal.ssh.close()
            assert terminal.ssh.exitstatus == status, terminal.ssh.before
        assert is_there(server, f"/home/{user.user}/three") == (status != 0)
        for wanted in (
            f"account    {user.user}, uid ",
            f"container  {user.user}_container, running",
            f"home       /home/{user.user}: 3.",
            f"directory  /var/lib/labgpu/containers/{user.user}: ",
        ):
            assert wanted in plan, plan
    refused = server.labgpu("user", "remove", "--purge", user.user).failed()
    assert "labgpu has no user" in refused.error


def test_purge_deletes_what_a_hostile_root_left_and_nothing_else(server, new_user, precious):
    user = new_user()
    home = f"/home/{user.user}"
    user.ssh(HOSTILE, timeout=60).ok()
    uid = int(server.sh(f"id -u {user.user}").text)
    server.sh(f"mkdir {home}/mounted && mount --bind {precious} {home}/mounted")
    try:
        refused = purge(server, user.user, "--yes").failed()
        assert "not purged whole" in refused.error and "something is mounted there" in refused.error, refused
        assert server.sh(f"ls -A {home}").text == "mounted", "what could be deleted is"
        assert server.read(f"{precious}/file") == b"precious\n"
        assert "locked" in user.ssh("true").failed().error
    finally:
        server.sh(f"umount {home}/mounted")
    said = purge(server, user.user, "--yes").ok().text
    assert f"deleted: {home}" in said
    assert not is_there(server, home)
    assert not is_there(server, f"/var/lib/labgpu/containers/{user.user}")
    assert server.containers_of(user.user) == []
    assert server.try_sh(f"getent passwd {user.user}").status == 2
    assert is_there(server, f"/var/lib/labgpu/ids/{uid}.json"), "the id stays taken"
    server.labgpu("user", "add", user.user).ok()
    assert int(server.sh(f"id -u {user.user}").text) != uid


def test_purge_with_open_sessions_wants_force(server, new_user):
    user = new_user()
    with user.background("echo here; sleep 300") as session:
        session.expect(b"here")
        refused = server.labgpu("user", "remove", "--purge", "--yes", user.user).failed()
        assert "session" in refused.error and "--force" in refused.error
        user.ssh("true").ok()
        purge(server, user.user, "--yes").ok()
        assert session.finish().status != 0
    assert not is_there(server, f"/home/{user.user}")


def test_a_purge_that_is_killed_is_done_again(server, new_user):
    user = new_user()
    user.ssh("true").ok()
    server.sh(
        f"""cd /home/{user.user} && mkdir big && cd big && seq 200 | xargs mkdir &&
            for i in *; do (cd $i && seq 500 | xargs touch) || exit; done""",
        timeout=120,
    )
    killed = server.sh(
        f"""labgpu user remove --purge --yes --force {user.user} >/dev/null 2>&1 & purge=$!
            helper=$(systemctl show -p MainPID --value labgpud.service)
            while [ "$(ls /home/{user.user}/big | wc -l)" = 200 ] && kill -0 $purge; do :; done
            kill -KILL $helper; wait $purge; echo $?""",
        timeout=120,
    )
    assert killed.text == "69", killed
    left = int(server.sh(f"ls /home/{user.user}/big | wc -l").text)
    assert 0 < left < 200
    wait_until(lambda: server.labgpu("status").status == 0, 40, "the helper's return", 0.5)
    assert server.labgpu_json("user", "show", user.user)["user"]["locked"]
    assert "locked" in user.ssh("true").failed().error
    purge(server, user.user, "--yes").ok()
    assert not is_there(server, f"/home/{user.user}")
    assert "labgpu has no user" in server.labgpu("user", "show", user.user).failed().error
