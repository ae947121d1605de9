# One container per account: made once however many log in, started on demand, closed to everybody else.
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from processes import wait_until


def creations(server, user, since):
    """How many containers of that name Docker made since then."""
    script = (
        f"docker events --since {since} --until $(date +%s.%N) --filter event=create --format '{{{{json .Actor}}}}'"
    )
    names = [json.loads(line)["Attributes"]["name"] for line in server.sh(script).text.splitlines()]
    return names.count(f"{user}_container")


def test_20_first_logins_at_once_make_one_container(server, new_user):
    user = new_user()
    since = server.sh("date +%s").text
    with ThreadPoolExecutor(20) as pool:
        results = list(
            pool.map(lambda _: user.ssh("hostname; cat /proc/sys/kernel/random/boot_id", timeout=60), range(20))
        )
    for result in results:
        assert result.ok().text.split()[0] == f"{user.user}-VM"
        assert result.err == b""
    assert len(server.containers_of(user.user)) == 1
    assert creations(server, user.user, since) == 1


def test_60_logins_16_at_a_time_land_in_the_right_containers(alice, bob, new_user):
    clients = [alice, bob, new_user()]
    for client in clients:
        client.ssh("echo $USER | sudo -n tee /etc/whose >/dev/null").ok()
    turns = [clients[number % 3] for number in range(60)]
    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(lambda client: client.ssh("cat /etc/whose; hostname", timeout=60), turns))
    for client, result in zip(turns, results):
        assert result.ok().text.split() == [client.user, f"{client.user}-VM"]


@pytest.mark.parametrize("how", ["labgpu stop {user}", "docker stop {user}_container", "docker kill {user}_container"])
def test_login_to_a_stopped_container_starts_it(server, new_user, how):
    user = new_user()
    user.ssh("echo kept | sudo -n tee /opt/kept").ok()
    before = server.containers_of(user.user)
    server.sh(how.format(user=user.user))
    assert server.init_pid(user.user) == 0
    assert user.ssh("cat /opt/kept; hostname").ok().text.split() == ["kept", f"{user.user}-VM"]
    assert server.containers_of(user.user) == before


def test_login_after_the_container_was_deleted_makes_it_again(server, new_user):
    user = new_user()
    user.ssh("echo kept >~/kept").ok()
    server.sh(f"docker rm -f {user.user}_container")
    assert user.ssh("hostname; cat ~/kept").ok().text.split() == [f"{user.user}-VM", "kept"]


def test_stop_ends_within_10_seconds_although_something_runs(server, new_user):
    user = new_user()
    with user.background("trap '' TERM; echo ready; while :; do sleep 1; done") as command:
        command.expect(b"ready")
        stopped = server.labgpu("stop", user.user).ok()
        assert stopped.seconds < 14
        assert server.init_pid(user.user) == 0
        command.finish().failed()


def test_login_to_a_running_container_makes_no_docker_call(server, alice):
    """The daemon does not answer at all while alice logs in: it is stopped by a signal."""
    alice.ssh("true").ok()
    server.sh("pkill -STOP -x dockerd")
    try:
        result = alice.ssh("hostname").ok()
    finally:
        server.sh("pkill -CONT -x dockerd")
    assert result.text == "alice-VM"
    assert result.seconds < 5


def test_users_have_homes_of_their_own(server, alice, bob):
    alice.ssh("echo secret >~/secret").ok()
    assert "No such file" in bob.ssh("ls /home/alice").failed().error
    assert bob.ssh("ls /home").ok().text == "bob"
    assert server.sh("stat -c %a /home/alice").text in ("700", "750")


def test_users_do_not_see_each_others_processes(alice, bob):
    with alice.background("echo ready; exec sleep 61616") as command:
        command.expect(b"ready")
        assert "61616" in alice.ssh("ps -ef").ok().text
        assert "61616" not in bob.ssh("sudo -n ps -ef").ok().text


def test_users_cannot_signal_each_others_processes(server, alice, bob):
    with alice.background("echo ready; exec sleep 62626") as command:
        command.expect(b"ready")
        pid = server.sh("pgrep -fx 'sleep 62626'").text
        bob.ssh(f"sudo -n kill -9 {pid}").failed()
        bob.ssh("sudo -n pkill -9 -f 62626").failed()
        # -1 signals all that one may; it ends bob's own container's processes, so the session may end with it.
        bob.ssh("sudo -n kill -9 -1")
        assert server.sh("pgrep -fx 'sleep 62626'").text == pid
    wait_until(lambda: bob.ssh("true").status == 0, 20, "bob's login")


def test_users_have_tmp_directories_of_their_own(alice, bob):
    alice.ssh("echo x >/tmp/alices; echo x >/var/tmp/alices; echo x >/dev/shm/alices").ok()
    assert bob.ssh("cat /tmp/alices /var/tmp/alices /dev/shm/alices").failed().out == b""


def test_users_have_loopbacks_of_their_own(alice, bob):
    listen = "perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(LocalAddr => q(127.0.0.1:7201), Listen => 1)"
    with alice.background(listen + " or die; $| = 1; print qq(up\\n); sleep 60'") as command:
        command.expect(b"up")
        probe = "perl -MIO::Socket::INET -e 'exit !IO::Socket::INET->new(q(127.0.0.1:7201))'"
        alice.ssh(probe).ok()
        bob.ssh(probe).failed()


def test_changing_the_hostname_inside_touches_nobody_else(server, alice, bob):
    host = server.sh("hostname").text
    alice.ssh("sudo -n hostname alice-was-here")  # Docker may forbid it; then the test holds anyway
    assert bob.ssh("hostname").ok().text == "bob-VM"
    assert server.sh("hostname").text == host


def test_docker_and_labgpu_are_out_of_reach_inside(alice):
    for path in ("/var/run/docker.sock", "/run/labgpu", "/var/lib/labgpu", "/var/lib/docker"):
        alice.ssh(f"sudo -n test -e {path}").failed()


def test_mounts_of_the_server_show_in_the_container(server, new_user):
    server.sh("mkdir -p /data/e2e; echo of-the-server >/data/e2e/file")
    user = new_user()
    server.labgpu("user", "set", user.user, "mounts=/data").ok()
    assert user.ssh("cat /data/e2e/file").ok().text == "of-the-server"


def test_status_tells_what_runs(server, alice, new_user):
    alice.ssh("true").ok()
    idle = new_user()
    states = {row["user"]: row["state"] for row in server.labgpu_json("status")["containers"]}
    assert states["alice"] == "running"
    assert states[idle.user] == "absent"
    assert "alice" in server.labgpu("status").ok().text
