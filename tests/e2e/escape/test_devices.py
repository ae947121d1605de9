# Set-user-ID programs and device nodes, which root in a container can make at home: who of the host could use them.
import contextlib

import pytest

pytestmark = pytest.mark.thorough
HOME = "/home/mallory"


@contextlib.contextmanager
def nosuid_nodev(server):
    """/home is mounted as docs/SECURITY.md advises where other accounts of the host can run programs."""
    server.sh("mount --bind /home /home && mount -o remount,bind,nosuid,nodev /home")
    try:
        yield
    finally:
        server.sh("umount -l /home")


@pytest.fixture
def open_home(mallory):
    """Others of the host may look into her home; what is planted there goes."""
    mallory.ssh("chmod 755 ~; mkdir -p ~/planted").ok()
    yield f"{HOME}/planted"
    mallory.root(f"rm -rf {HOME}/planted; chmod 700 {HOME}").ok()


def test_a_set_user_id_shell_for_a_host_account(server, mallory, carol, open_home):
    mallory.root(f"cp /bin/dash {open_home}/shell && chmod 4755 {open_home}/shell").ok()
    become_root = f"{open_home}/shell -pc 'id -u'"
    with nosuid_nodev(server):
        assert carol.ssh(become_root).ok().text != "0"
    # Without these options it works: what docs/SECURITY.md does not promise.
    assert carol.ssh(become_root).ok().text == "0"


def test_a_device_node_of_the_hosts_disk_for_a_host_account(server, mallory, carol, open_home):
    number = server.sh("awk 'NR == 3 {print $1, $2}' /proc/partitions").text
    mallory.root(f"mknod -m 666 {open_home}/disk b {number}").ok()
    look = f"head -c 1 {open_home}/disk | wc -c"
    with nosuid_nodev(server):
        result = carol.ssh(look)
        assert "Permission denied" in result.error and result.text == "0", result
    assert "Permission denied" not in carol.ssh(look).error, "without nodev the kernel's answer is the same"


@pytest.mark.parametrize("node", ["b $DISK", "c 1 1", "c 1 2", "c 1 4", "c 10 237", "c 4 0", "c 10 223"])
def test_a_device_of_the_host_from_within(server, mallory, open_home, node):
    """Docker lets her make nodes; what they stand for cannot be opened: disks, memory, consoles, input."""
    disk = server.sh("awk 'NR == 3 {print $1, $2}' /proc/partitions").text
    words = node.replace("$DISK", disk)
    mallory.root(f"mknod -m 666 {open_home}/node {words}").ok()
    opened = mallory.root(f"head -c 1 {open_home}/node").failed()
    assert "Operation not permitted" in opened.error, opened
    mallory.root(f"rm {open_home}/node; mknod -m 666 {open_home}/node c 1 5; head -c 1 {open_home}/node").ok()


def test_a_set_user_id_program_of_hers_is_started_by_no_process_of_the_login(server, mallory, open_home):
    """In the login view what is at home keeps its rights, and sshd's child has none to start it with."""
    mallory.root(f"cp /usr/bin/id {open_home}/id && chmod 6755 {open_home}/id").ok()
    with mallory.background("echo in; cat") as login:
        login.expect(b"in")
        pid = mallory.session_pid()
        assert "NoNewPrivs:\t1" in server.read(f"/proc/{pid}/status").decode()


def test_file_systems_of_the_host_are_not_mounted_from_within(server, mallory):
    disk = server.sh("awk 'NR == 3 {print $1, $2}' /proc/partitions").text
    for attempt in (
        f"mknod /disk b {disk}; mkdir -p /mnt/disk; mount /disk /mnt/disk",
        "mkdir -p /mnt/proc; mount -t proc proc /mnt/proc",
        "mkdir -p /mnt/cgroup; mount -t cgroup2 none /mnt/cgroup",
        "mkdir -p /mnt/tmp; mount -t tmpfs none /mnt/tmp",
        "mkdir -p /mnt/o; mount -t overlay -o lowerdir=/etc,upperdir=/tmp,workdir=/var/tmp none /mnt/o",
        "nsenter -t 1 -m true && nsenter -t 1 -n ip link add evil type dummy",
        "echo /home/mallory/run >/proc/sys/kernel/core_pattern",
        "echo x >/sys/kernel/uevent_helper",
        "echo c >/proc/sysrq-trigger",
        "modprobe dummy || insmod /dev/null",
    ):
        mallory.root(attempt).failed()
