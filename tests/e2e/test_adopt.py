# `labgpu adopt`: a container that the group ran by hand becomes an account's.
import pytest

from settings import container_status

pytestmark = pytest.mark.long

IMAGE = "labgpu/default:latest"


@pytest.fixture
def by_hand(server):
    """Starts a container as somebody would without labgpu; it goes when the test ends."""
    made = []

    def make(name, *options):
        made.append(name)
        server.sh(f"docker run -d --name {name} {' '.join(options)} {IMAGE} sleep infinity")
        server.sh(f"docker exec {name} sh -c 'echo by hand >/opt/tool; echo old >/root/notes'")
        return name

    yield make
    for name in made:
        server.try_sh(f"docker rm -f {name} {name}.adopted")


def adopt(server, user, container, *options):
    return server.labgpu("adopt", user.user, container, *options, timeout=120)


def state(server, container):
    form = "{{.State.Status}} {{.HostConfig.RestartPolicy.Name}}"
    return server.sh(f"docker inspect -f '{form}' {container}").text


def test_everything_is_there_and_stays(server, new_user, by_hand):
    user = new_user()
    server.sh("mkdir -p /srv/lab && echo shared >/srv/lab/file")
    old = by_hand("torch", "--restart always --hostname torchbox -e COLOUR=blue -v /srv/lab:/lab:ro")
    plan = adopt(server, user, old, "--dry-run").ok().text
    for line in ("hostname   torchbox", "variable   COLOUR=blue", "mount      /srv/lab:/lab:ro"):
        assert line in plan, plan
    assert state(server, old) == "running always"
    adopt(server, user, old, "--yes").ok()
    check = "cat /opt/tool /lab/file; sudo -n cat /root/notes; hostname; echo $COLOUR; touch /lab/x 2>/dev/null || echo read-only"
    wanted = ["by hand", "shared", "old", "torchbox", "blue", "read-only"]
    assert user.ssh(check).ok().text.splitlines() == wanted
    assert state(server, old) == "exited no"
    server.labgpu("rebuild", user.user, "--keep", "--yes", timeout=120).ok()
    assert user.ssh(check).ok().text.splitlines() == wanted
    assert container_status(server, user)["needsRebuild"] == []
    server.labgpu("user", "set", user.user, "mounts=", "env=", "hostname=").ok()


def test_mounts_that_no_container_gets_end_it(server, new_user, by_hand):
    user = new_user()
    old = by_hand("greedy", "-v /etc:/host-etc -v greedy-volume:/volume")
    refused = adopt(server, user, old, "--yes").failed()
    assert "/host-etc" in refused.error and "/volume" in refused.error and "--skip-mounts" in refused.error
    assert state(server, old) == "running no"
    adopt(server, user, old, "--yes", "--skip-mounts").ok()
    assert user.ssh("cat /opt/tool; ls -d /host-etc /host-etc/passwd").text.splitlines() == ["by hand", "/host-etc"]
    server.sh(f"docker rm {old} && docker volume rm greedy-volume")


def test_a_name_that_collides(server, new_user, by_hand):
    user = new_user()
    old = by_hand(f"{user.user}_container")
    adopt(server, user, old, "--yes").ok()
    assert user.ssh("cat /opt/tool").ok().text == "by hand"
    assert state(server, f"{old}.adopted") == "exited no"


def test_a_failure_leaves_it_running(server, new_user, by_hand):
    user = new_user()
    old = by_hand("unlucky", "--restart always")
    server.labgpu("user", "set", user.user, "mounts=/srv/not-there:/x").ok()
    before = server.sh(f"docker inspect -f '{{{{.State.Pid}}}}' {old}").text
    refused = adopt(server, user, old, "--yes").failed()
    assert "/srv/not-there" in refused.error
    assert server.sh(f"docker inspect -f '{{{{.State.Pid}}}}' {old}").text == before
    assert state(server, old) == "running always"


def test_what_cannot_be_adopted(server, new_user, by_hand):
    user, other = new_user(), new_user()
    assert "no user" in server.labgpu("adopt", "nobody-there", "x", "--yes").failed().error
    assert "o such container" in adopt(server, user, "not-there", "--yes").failed().error
    other.ssh("true").ok()
    assert "labgpu's own" in adopt(server, user, f"{other.user}_container", "--yes").failed().error
    old = by_hand("late")
    assert "has a container already" in adopt(server, other, old, "--yes").failed().error
    unasked = adopt(server, user, old).failed()
    assert state(server, old) == "running no", unasked
