# `labgpu setup`, its undoing, the packages and a reboot: the host's own logins stay as they are at every moment.
import pytest

from processes import wait_until
from watch import LoginWatch

pytestmark = pytest.mark.destructive(removes_labgpu=True)
SSH_FILES = "/etc/pam.d/sshd /etc/ssh/sshd_config /etc/ssh/sshd_config.d"
PACKAGES = "labgpu libpam-labgpu libnss-labgpu"


def ssh_files(server):
    return server.sh(f"find {SSH_FILES} -type f | sort | xargs sha256sum").text.splitlines()


def test_first_install_and_setup_failed_no_login_of_the_host(first_install):
    first_install.check(at_least=10)


def test_setup_twice_is_the_same_as_once(server):
    once = ssh_files(server)
    server.labgpu("setup").ok()
    assert ssh_files(server) == once


def test_setup_undo_gives_the_files_back_byte_for_byte(server, before_labgpu, root, carol, alice):
    alice.ssh("true").ok()
    with LoginWatch(root, carol) as watch:
        server.labgpu("setup", "--undo").ok()
        undone = [line for line in server.login_files() if "/etc/pam.d" in line or "/etc/ssh" in line]
        assert undone == [line for line in before_labgpu["files"] if "/etc/pam.d" in line or "/etc/ssh" in line]
        result = alice.ssh("hostname").failed()
        assert result.out == b""
        server.labgpu("setup", "--undo").ok()
        server.labgpu("setup").ok()
    watch.check()
    assert alice.ssh("hostname").ok().text == "alice-VM"


def test_setup_keeps_what_the_administrator_wrote(server):
    own = "# our own line\nauth optional pam_warn.so\n"
    with server.edited("true", "/etc/pam.d/sshd", "/etc/ssh/sshd_config.d"):
        server.labgpu("setup", "--undo").ok()
        original = server.read("/etc/pam.d/sshd")
        server.write("/etc/pam.d/sshd", original + own.encode())
        server.labgpu("setup").ok()
        assert own.encode() in server.read("/etc/pam.d/sshd")
        server.labgpu("setup", "--undo").ok()
        assert server.read("/etc/pam.d/sshd") == original + own.encode()


def test_undo_keeps_the_order_of_options_in_common_password(server):
    """pam-auth-update, which setup asks for labgpu's line, moves options that an administrator added."""
    path = "/etc/pam.d/common-password"
    with server.edited("true", "/etc/pam.d", "/var/lib/pam"):
        server.labgpu("setup", "--undo").ok()
        own = server.read(path).replace(b"pam_unix.so obscure", b"pam_unix.so minlen=10 obscure")
        assert b"minlen=10" in own
        server.write(path, own)
        server.labgpu("setup").ok()
        assert b"pam_labgpu.so" in server.read(path) and b"minlen=10" in server.read(path)
        server.labgpu("setup", "--undo").ok()
        assert server.read(path) == own
        server.labgpu("setup").ok()


def test_a_common_password_of_the_administrators_own_is_left_alone(server):
    path = "/etc/pam.d/common-password"
    with server.edited("true", "/etc/pam.d", "/var/lib/pam"):
        server.labgpu("setup", "--undo").ok()
        fallback = b"# here's the fallback"
        own = server.read(path).replace(fallback, b"password optional pam_warn.so\n" + fallback)
        server.write(path, own)
        result = server.labgpu("setup").ok()
        assert "not by passwd(1) or at a login" in result.error and "edited by hand" in result.error
        assert server.read(path) == own
        assert "as password" in server.labgpu("setup", "--check").failed().text
        server.labgpu("setup", "--undo").ok()
        assert server.read(path) == own
        server.labgpu("setup").ok()


def test_setup_refuses_a_broken_sshd_configuration_and_changes_nothing(server, root):
    """`sshd -t` fails already: whatever setup would write could not be shown to be right."""
    server.labgpu("setup", "--undo").ok()
    root.ssh("true").ok()  # sshd listens no more, once it is told to reload, until it has read its configuration
    server.write("/etc/ssh/sshd_config.d/99-broken.conf", b"NoSuchOption yes\n")
    try:
        before = ssh_files(server)
        result = server.labgpu("setup").failed()
        assert "NoSuchOption" in result.error or "sshd" in result.error, result
        assert ssh_files(server) == before
    finally:
        server.sh("rm /etc/ssh/sshd_config.d/99-broken.conf")
        server.labgpu("setup").ok()
    root.ssh("true").ok()


@pytest.mark.long
def test_upgrade_fails_no_login_and_ends_no_session(server, root, carol, alice):
    counting = "for i in $(seq 1 60); do echo $i; sleep 0.2; done"
    with LoginWatch(root, carol) as watch, alice.background(counting) as session:
        session.expect(b"1\n")
        # The same version again goes through all the steps of an upgrade.
        server.sh("dpkg -i $(find /var/tmp/labgpu-packages -name '*.deb' ! -name '*-dbgsym_*')", timeout=240)
        assert session.finish().ok().text.split()[-1] == "60"
    watch.check()
    assert alice.ssh("hostname").ok().text == "alice-VM"


def test_an_updated_openssh_updates_the_sftp_server_of_bare_images(server):
    copy, original = "/usr/libexec/labgpu/guest/sftp/sftp-server", "/usr/lib/openssh/sftp-server"
    server.sh(f"cmp {copy} {original}; echo old >{copy}; echo rest >/usr/libexec/labgpu/guest/sftp/lib/rest")
    server.sh(f"dpkg-trigger --by-package=openssh-sftp-server {original} && dpkg --triggers-only labgpu")
    server.sh(f"cmp {copy} {original}; ! test -e /usr/libexec/labgpu/guest/sftp/lib/rest")


def test_reboot_brings_the_containers_back(server, laptop, root, alice, bob):
    alice.ssh("echo kept | sudo -n tee /opt/kept").ok()
    bob.ssh("true").ok()
    server.labgpu("stop", "bob").ok()
    server.reboot()
    laptop.meet(server)
    root.ssh("true").ok()
    server.wait_for_docker()
    wait_until(lambda: server.init_pid("alice"), 30, "the start of alice's container without a login", 0.5)
    assert server.init_pid("bob") == 0, "a container that was stopped starts only when its user comes"
    assert alice.ssh("hostname; cat /opt/kept; id -un").ok().text.split() == ["alice-VM", "kept", "alice"]
    assert bob.ssh("hostname").ok().text == "bob-VM"


def test_first_login_right_after_boot_waits_for_docker(server, laptop, alice):
    alice.ssh("true").ok()
    server.reboot()
    laptop.meet(server)
    assert alice.ssh("hostname", timeout=60).ok().text == "alice-VM"


@pytest.mark.long
def test_remove_leaves_logins_intact_and_install_brings_all_back(server, root, carol, alice, before_labgpu):
    with LoginWatch(root, carol) as watch:
        server.sh(f"DEBIAN_FRONTEND=noninteractive apt-get remove -y {PACKAGES}", timeout=240)
        assert [line for line in server.login_files() if "/etc/pam.d" in line] == [
            line for line in before_labgpu["files"] if "/etc/pam.d" in line
        ]
        assert alice.ssh("hostname").failed().out == b""
        server.install().ok()
        server.labgpu("setup").ok()
    watch.check()
    assert alice.ssh("hostname").ok().text == "alice-VM"


def test_purge_gives_back_every_file(server, root, carol, alice, before_labgpu):
    """The last test of all: afterwards the host is as it was before labgpu."""
    alice.ssh("echo mine >~/mine").ok()
    with LoginWatch(root, carol) as watch:
        server.sh(f"DEBIAN_FRONTEND=noninteractive apt-get purge -y {PACKAGES}", timeout=240)
    watch.check()
    assert server.login_files() == before_labgpu["files"]
    assert root.describe_login() == before_labgpu["root"]
    assert carol.describe_login() == before_labgpu["carol"]
    left = server.sh(
        "find / -xdev -path /proc -prune -o -path /sys -prune -o -path /home -prune -o -path /var/tmp -prune"
        " -o -path /var/lib/docker -prune -o -iname '*labgpu*' -print"
    ).text
    assert left == "", f"purge left files behind:\n{left}"
    assert "Permission denied" in alice.ssh("true").failed().error
    assert server.read("/home/alice/mine") == b"mine\n", "what belongs to the users stays"
