# Every setting, seen by a process inside the container; changed while it runs, or kept for the next container.
import re
import socket

import pytest

from processes import wait_until
from settings import cgroup_value, configuration, container_status, made_with, set_user

pytestmark = pytest.mark.either_release

MEBIBYTE = 1 << 20

LIMITS = {
    "memory": ("memory/memory.limit_in_bytes", "memory.max"),
    "pids": ("pids/pids.max", "pids.max"),
    "cpus": ("cpu/cpu.cfs_quota_us", "cpu.max"),
}


def limit(client, key):
    return cgroup_value(client, *LIMITS[key]).split()[0]


# --- limits


def test_memory_is_limited(server, new_user):
    user = made_with(server, new_user, "memory=64m")
    assert int(limit(user, "memory")) == 64 * MEBIBYTE
    user.ssh("perl -e '$x = q(x) x (20 << 20)'").ok()
    killed = user.ssh("perl -e '$x = q(x) x (200 << 20); print length $x'").failed()
    assert killed.out == b""
    assert user.ssh("hostname").ok().text == f"{user.user}-VM"


def test_cpus_are_limited(server, new_user):
    user = made_with(server, new_user, "cpus=0.5")
    assert limit(user, "cpus") == "50000"


def test_pids_are_limited(server, new_user):
    user = made_with(server, new_user, "pids=64")
    assert limit(user, "pids") == "64"
    fork_bomb = "perl -e 'for (1 .. 200) { my $p = fork; die qq(no more\\n) unless defined $p; sleep(5), exit unless $p }'"
    result = user.ssh(fork_bomb)
    assert "no more" in result.error
    wait_until(lambda: user.ssh("true").status == 0, 20, "processes to end")


def test_limits_change_in_the_container_that_runs(server, new_user):
    user = new_user()
    with user.background("echo ready; exec sleep 600") as session:
        session.expect(b"ready")
        init = server.init_pid(user.user)
        before = {key: limit(user, key) for key in LIMITS}
        said = set_user(user, server, "memory=96m", "pids=99", "cpus=0.25", "restart=on-failure").text
        assert "changed in the container: memory, cpus, pids, restart" in said
        assert int(limit(user, "memory")) == 96 * MEBIBYTE
        assert limit(user, "pids") == "99"
        assert limit(user, "cpus") == "25000"
        set_user(user, server, "memory=128m")
        assert int(limit(user, "memory")) == 128 * MEBIBYTE
        set_user(user, server, "memory=", "pids=", "cpus=", "restart=")
        assert limit(user, "pids") == before["pids"] == "max"
        memory = limit(user, "memory")
        assert memory == "max" or int(memory) >= 1 << 50
        assert server.init_pid(user.user) == init
    status = container_status(server, user)
    assert status["needsRebuild"] == status["pending"] == []


def test_limits_set_while_it_is_stopped_count_from_its_start(server, new_user):
    user = new_user()
    user.ssh("true").ok()
    server.labgpu("stop", user.user).ok()
    set_user(user, server, "memory=96m")
    assert int(limit(user, "memory")) == 96 * MEBIBYTE


def test_limits_set_while_docker_is_down_count_from_the_next_start(server, new_user):
    user = new_user()
    user.ssh("true").ok()
    server.sh("systemctl stop docker.service docker.socket")
    try:
        result = set_user(user, server, "memory=96m")
    finally:
        server.sh("systemctl start docker.socket docker.service")
        server.wait_for_docker()
    assert "saved, but the container is as it was: Docker cannot" in result.text
    server.labgpu("restart", user.user).ok()
    assert int(limit(user, "memory")) == 96 * MEBIBYTE


def test_ulimits(server, new_user):
    user = made_with(server, new_user, "ulimits=nofile=1000:2000,core=0")
    assert user.ssh("ulimit -Sn; ulimit -Hn; ulimit -Hc").ok().text.split() == ["1000", "2000", "0"]
    default = new_user()
    assert default.ssh("ulimit -Sc").ok().text == "0"


def test_shm_size(server, new_user):
    user = made_with(server, new_user, "shm_size=48m")
    assert user.ssh("df -B1 --output=size /dev/shm | tail -n 1").ok().text == str(48 * MEBIBYTE)


# --- what a process finds


def test_environment_is_there_in_commands_and_logins(server, new_user):
    user = made_with(server, new_user, r"env=HF_HOME=/data/hf,NO_PROXY=localhost\,.lab,EMPTY=")
    for shell in ("env", "bash -lc env"):
        lines = user.ssh(shell).ok().text.splitlines()
        assert {"HF_HOME=/data/hf", "NO_PROXY=localhost,.lab", "EMPTY="} <= set(lines)
    assert user.ssh("sudo -n cat /proc/1/environ | tr '\\0' '\\n' | grep ^HF_HOME").ok().text == "HF_HOME=/data/hf"


def test_mounts_read_only_and_writable(server, new_user):
    server.sh("mkdir -p /srv/e2e-data /srv/e2e-sets; echo model >/srv/e2e-sets/model")
    user = made_with(server, new_user, "mounts=/srv/e2e-data:/data,/srv/e2e-sets:/sets:ro")
    user.ssh("echo mine | sudo -n tee /data/$USER").ok()
    assert server.sh(f"cat /srv/e2e-data/{user.user}").text == "mine"
    assert user.ssh("cat /sets/model").ok().text == "model"
    assert "Read-only file system" in user.ssh("sudo -n touch /sets/x").failed().error
    assert "Read-only file system" in user.ssh("sudo -n rm /sets/model").failed().error
    shown = user.ssh("awk '$2 ~ /^.(data|sets)$/ {print $2, $4}' /proc/mounts").ok().text.splitlines()
    modes = {line.split()[0]: line.split()[1].split(",")[0] for line in shown}
    assert modes == {"/data": "rw", "/sets": "ro"}


def test_a_mount_of_ones_own_name_is_made_and_belongs_to_the_account(server, new_user):
    server.sh("mkdir -p /srv/e2e-scratch; chmod 755 /srv/e2e-scratch")
    user = made_with(server, new_user, "mounts=/srv/e2e-scratch/{user}:/scratch")
    user.ssh("touch /scratch/mine").ok()
    assert user.ssh("stat -c '%U %a' /scratch").ok().text == f"{user.user} 700"


def capabilities(client, kind="CapBnd"):
    return int(client.ssh(f"sudo -n sed -n 's/^{kind}:\\t//p' /proc/self/status").ok().text, 16)


def test_capabilities_added_and_dropped(server, new_user):
    sys_ptrace, mknod, net_raw = 1 << 19, 1 << 27, 1 << 13
    plain = capabilities(new_user())
    user = made_with(server, new_user, "cap_add=CAP_SYS_PTRACE", "cap_drop=mknod,NET_RAW")
    assert capabilities(user) == (plain | sys_ptrace) & ~(mknod | net_raw)
    assert capabilities(user, "CapEff") == capabilities(user)
    assert "not permitted" in user.ssh("sudo -n mknod /tmp/null c 1 3").failed().error
    # sudo works, and so do the account's own processes.
    assert user.ssh("id -un; sudo -n id -un").ok().text.split() == [user.user, "root"]


def test_a_dangerous_capability_is_the_configurations_word(server, new_user):
    user = new_user()
    refused = server.labgpu("user", "set", user.user, "cap_add=NET_ADMIN").failed()
    assert '"allowCapabilities"' in refused.error
    with configuration(server, {"allowCapabilities": ["NET_ADMIN"]}) as reloaded:
        reloaded.ok()
        set_user(user, server, "cap_add=NET_ADMIN")
        user.ssh("sudo -n sh -c 'echo 1 >/proc/self/oom_score_adj'; true").ok()
        assert capabilities(user) & (1 << 12)


def test_user_namespace_of_the_host(server, new_user):
    user = made_with(server, new_user, "userns=host")
    assert user.ssh("cat /proc/self/uid_map").ok().text.split() == ["0", "0", "4294967295"]
    assert server.sh(f"docker inspect -f '{{{{.HostConfig.UsernsMode}}}}' {user.user}_container").text == "host"


def test_restart_policy(server, new_user):
    for policy, comes_back in (("always", True), ("no", False)):
        user = made_with(server, new_user, f"restart={policy}")
        user.ssh("true").ok()
        init = server.init_pid(user.user)
        server.sh(f"kill -9 {init}")
        if comes_back:
            wait_until(lambda u=user, i=init: server.init_pid(u.user) not in (0, i), 20, "the container to come back")
        else:
            wait_until(lambda u=user: server.init_pid(u.user) == 0, 20, "the container to end")
        assert user.ssh("hostname").ok().text == f"{user.user}-VM"


def test_image_hostname_and_container_name(server, new_user):
    server.sh("docker tag labgpu/default:latest lab/e2e:1")
    user = made_with(server, new_user, "image=lab/e2e:1", "hostname={user}-box", "container_name=box-{user}")
    try:
        assert user.ssh("hostname").ok().text == f"{user.user}-box"
        names = server.sh("docker ps --format '{{.Names}} {{.Image}}'").text.splitlines()
        assert f"box-{user.user} lab/e2e:1" in names
    finally:
        server.sh(f"docker rm -f box-{user.user}")


def test_login_as_root_counts_for_the_next_session(server, new_user):
    user = new_user()
    assert user.ssh("id -un").ok().text == user.user
    set_user(user, server, "login=root")
    assert user.ssh("id -un").ok().text == "root"


# --- ports

LISTEN = (
    "perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(LocalPort => {port}, Listen => 5, ReuseAddr => 1) or die;"
    " $| = 1; print qq(up\\n); while ($c = $s->accept) {{ print $c qq(hello of $ENV{{USER}}\\n); close $c }}'"
)


def test_ports_of_the_server_lead_to_the_container_and_stay(server, laptop, new_user):
    users = [made_with(server, new_user, "ports=7777,ssh") for _ in range(2)]
    ports = []
    for user in users:
        shown = container_shown(server, user)
        with user.background(LISTEN.format(port=7777)) as service:
            service.expect(b"up")
            told = container_status(server, user)["ports"]
            assert told == shown
            host = int(next(port for port in told if port.endswith(":7777")).split(":")[0])
            assert talk_to(laptop.address, host) == f"hello of {user.user}\n".encode()
        ports += told
        assert f"{host}:7777" in server.labgpu("status", user.user).ok().text
    assert len({port.split(":")[0] for port in ports}) == 4
    # They are the account's as long as it is there.
    user = users[0]
    before = container_shown(server, user)
    server.sh(f"docker rm -f {user.user}_container; systemctl restart labgpud.service")
    user.ssh("true").ok()
    assert container_status(server, user)["ports"] == before == container_shown(server, user)


def container_shown(server, user):
    return server.labgpu_json("user", "show", user.user)["user"]["settings"]["ports"]


def talk_to(address, port):
    with socket.create_connection((address, port), 10) as connection:
        return connection.makefile("rb").read()


def test_a_port_that_is_taken_is_refused(server, new_user):
    first = made_with(server, new_user, "ports=8080:80")
    second = new_user()
    taken = server.labgpu("user", "set", second.user, "ports=8080:80").failed()
    assert taken.error == (
        f"labgpu: ports cannot have 8080: this port of the server is {first.user}'s; leave it out (80) and labgpu"
        " reserves a free one"
    )
    assert "something on this server listens on it" in server.labgpu("user", "set", second.user, "ports=22:22").failed().error
    assert container_shown(server, second) == []


# --- three levels


def shown(server, user):
    view = server.labgpu_json("user", "show", user.user)["user"]["view"]
    return {setting["key"]: (setting["value"], setting["origin"]) for setting in view}


def test_defaults_profile_and_the_users_own(server, new_user):
    content = {
        "defaults": {"memory": "96m", "pids": 500, "env": {"WHO": "default"}},
        "profiles": {"phd": {"pids": 300, "env": {"WHO": "phd"}}, "guest": {}},
    }
    user = new_user()
    with configuration(server, content) as reloaded:
        reloaded.ok()
        set_user(user, server, "profile=phd", "cpus=0.5")
        values = shown(server, user)
        assert values["memory"] == ("96m", "default")
        assert values["pids"] == ("300", "profile")
        assert values["cpus"] == ("0.5", "user")
        assert values["shm_size"] == ("8g", "default")
        table = server.labgpu("user", "show", user.user).ok().text
        assert re.search(r"^pids +300 +profile phd$", table, re.M)
        assert re.search(r"^cpus +0\.5 +user$", table, re.M)
        assert [limit(user, key) for key in ("memory", "pids", "cpus")] == [str(96 * MEBIBYTE), "300", "50000"]
        assert user.ssh("echo $WHO").ok().text == "phd"
        set_user(user, server, "profile=", "cpus=")
        assert [limit(user, key) for key in ("memory", "pids")] == [str(96 * MEBIBYTE), "500"]
        assert shown(server, user)["pids"] == ("500", "default")
        unknown = server.labgpu("user", "set", user.user, "profile=professor").failed()
        assert "it has: guest, phd" in unknown.error
    assert limit(user, "pids") == "max"


# --- what needs a new container


def test_other_settings_need_a_rebuild_and_throw_nothing_away(server, new_user):
    user = new_user()
    user.ssh("echo kept | sudo -n tee /opt/kept").ok()
    containers = server.containers_of(user.user)
    server.sh("mkdir -p /srv/e2e-data")
    said = set_user(user, server, "mounts=/srv/e2e-data:/data", "shm_size=32m", "env=A=1", "memory=96m").text
    assert "changed in the container: memory" in said
    sentence = f"{user.user}: needs a rebuild; its container was made with another mounts, shm_size, env"
    assert sentence in said
    assert sentence in server.labgpu("status").ok().text
    assert container_status(server, user)["needsRebuild"] == ["mounts", "shm_size", "env"]
    server.labgpu("restart", user.user).ok()
    server.sh("systemctl restart labgpud.service")
    assert user.ssh("cat /opt/kept; ls -d /data; echo A=$A").text.split() == ["kept", "A="]
    assert server.containers_of(user.user) == containers
    assert container_status(server, user)["needsRebuild"] == ["mounts", "shm_size", "env"]
    set_user(user, server, "mounts=", "shm_size=", "env=")
    assert container_status(server, user)["needsRebuild"] == []
    # The administrator's own way to a new container: the settings count there.
    set_user(user, server, "shm_size=32m")
    server.sh(f"docker rm -f {user.user}_container")
    assert user.ssh("df -B1 --output=size /dev/shm | tail -n 1").ok().text == str(32 * MEBIBYTE)
    assert container_status(server, user)["needsRebuild"] == []


# --- refusals

REFUSED = {
    "unknown": ("colour=blue", "shm_size"),
    "memory-12x": ("memory=12x", "such as 8g or 512m"),
    "memory-below-dockers": ("memory=5m", "below 6m"),
    "cpus-more-than-there-are": ("cpus=9999", "must be 0.01 to"),
    "pids-too-few": ("pids=3", "64 to 4194304"),
    "gpus-nonsense": ("gpus=two", "count:N"),
    "ulimit-unknown": ("ulimits=files=5", "nofile"),
    "capability-unknown": ("cap_add=ROOT", "SYS_PTRACE"),
    "capability-dangerous": ("cap_add=SYS_ADMIN", "allowCapabilities"),
    "capability-needed": ("cap_drop=ALL", "SETUID"),
    "environment-nonsense": ("env=A", "NAME=VALUE"),
    "restart-nonsense": ("restart=maybe", "unless-stopped"),
    "userns-nonsense": ("userns=other", "docker, host"),
    "mount-etc": ("mounts=/etc:/x", "/data or /srv/models"),
    "mount-root": ("mounts=/:/x", "/data or /srv/models"),
    "mount-proc": ("mounts=/proc:/x:ro", "/data or /srv/models"),
    "mount-sys": ("mounts=/sys/fs:/x:ro", "it is in /sys"),
    "mount-dev": ("mounts=/dev:/x", "/data or /srv/models"),
    "mount-run": ("mounts=/run:/x:ro", "/data or /srv/models"),
    "mount-docker-socket": ("mounts=/var/run/docker.sock:/x", "/data or /srv/models"),
    "mount-docker": ("mounts=/var/lib/docker/volumes:/x:ro", "it is in /var/lib/docker"),
    "mount-labgpu": ("mounts=/var/lib/labgpu:/x:ro", "/data or /srv/models"),
    "mount-above": ("mounts=/var:/x:ro", "is in it"),
    "mount-link": ("mounts=/srv/e2e-link:/x", "it leads to /etc"),
    "mount-below-link": ("mounts=/srv/e2e-link/ssh:/x", "it leads to /etc/ssh"),
    "mount-over-labgpu": ("mounts=/srv:/.labgpu/bin", "/.labgpu/bin"),
    "mount-over-home": ("mounts=/srv:/home/alice", "/home/alice"),
    "mount-dots": ("mounts=/srv/../etc:/x", ".."),
    "profile-unknown": ("profile=none", "profiles"),
    "port-nonsense": ("ports=0", "1 to 65535"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_settings_are_refused_and_change_nothing(server, alice, case):
    assignment, allowed = REFUSED[case]
    server.sh("ln -sfn /etc /srv/e2e-link")
    before = server.state()
    result = server.labgpu("user", "set", "alice", "real_name=Changed", assignment).failed()
    assert len(result.error.splitlines()) == 1, result
    assert assignment.split("=")[0] in result.error
    assert allowed in result.error
    assert server.state() == before


def test_a_link_that_came_later_is_refused_when_it_would_be_mounted(server, new_user):
    server.sh("rm -rf /srv/e2e-later; mkdir -p /srv/e2e-later")
    user = made_with(server, new_user, "mounts=/srv/e2e-later:/x")
    server.sh("rmdir /srv/e2e-later; ln -s /etc /srv/e2e-later")
    refused = user.ssh("cat /x/shadow").failed()
    assert refused.out == b""
    assert "symbolic link" in refused.error
    assert server.containers_of(user.user) == []
