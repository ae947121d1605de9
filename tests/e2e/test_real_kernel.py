# What only a kernel with cgroup v2 and AppArmor can show: Docker's confinement holds, and descriptors pass through it.
import pytest

pytestmark = pytest.mark.real_kernel


def test_the_kernel_has_what_this_is_about(server):
    assert server.read("/sys/module/apparmor/parameters/enabled") == b"Y\n"
    assert server.sh("stat -fc %T /sys/fs/cgroup").text == "cgroup2fs"


def test_command_is_confined_by_dockers_profile(alice):
    assert alice.ssh("cat /proc/self/attr/current").ok().text == "docker-default (enforce)"


def test_profile_is_enforced(alice):
    """Docker's profile denies writing to /proc/*; without it root may open this file, and only write(2) fails."""
    assert "Permission denied" in alice.ssh("sudo -n sh -c ': > /proc/uptime'").failed().error


def test_descriptors_of_the_host_are_usable_under_the_profile(alice):
    data = bytes(range(256)) * 4096
    assert alice.ssh("cat; echo to stderr >&2", stdin=data).ok().out == data


def test_terminal_is_usable_under_the_profile(alice):
    assert alice.ssh("tty", "-tt").ok().text.startswith("/dev/pts/")


def test_nothing_was_denied_on_the_way(server, alice):
    alice.ssh("true").ok()
    assert "DENIED" not in server.sh("dmesg | grep apparmor= || true").text


def test_command_is_in_the_containers_cgroup(server, alice):
    container = server.containers_of("alice")[0]
    with alice.background("echo ready; exec sleep 65432.5") as command:
        command.expect(b"ready")
        cgroup = server.sh("cat /proc/$(pgrep -fx 'sleep 65432.5')/cgroup").text
    assert cgroup == f"0::/system.slice/docker-{container}.scope"


def test_host_does_not_run_a_systemd_of_the_users(server, alice):
    alice.ssh("true").ok()
    uid = server.sh("id -u alice").text
    assert server.sh(f"systemctl show -p ActiveState --value user@{uid}.service").text == "inactive"
