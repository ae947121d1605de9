# Other doors of the host than sshd: whoever goes through them under the name of a labgpu account finds no shell there.
import pytest

from client import Client
from server import HOME_MARKER, MARKER

pytestmark = [pytest.mark.thorough, pytest.mark.usefixtures("no_marker")]
PASSWORD = "mallory's pass word"
MARK = f"touch {MARKER} /home/mallory/{HOME_MARKER}"
SHELL = "$(getent passwd mallory | cut -d: -f7)"
REFUSED = "labgpu is not set up for this way of logging in"
LOGGED = "refused a session outside of a login by ssh"


@pytest.fixture(scope="module", autouse=True)
def password(server, mallory):
    server.labgpu("passwd", "mallory", "--stdin", stdin=PASSWORD.encode() + b"\n").ok()
    yield PASSWORD
    server.labgpu("passwd", "mallory", "--delete").ok()


# Root means no harm, and goes by the account's shell.
BY_ROOT = {
    "su": f"su mallory -c '{MARK}'",
    "su, as a login": f"su - mallory -c '{MARK}'",
    "su, with a terminal": f"su --pty mallory -c '{MARK}'",
    "su, typed": f"echo '{MARK}' | su - mallory",
    "runuser, as a login": f"runuser -l mallory -c '{MARK}'",
    "sudo, as a login": f"sudo -i -u mallory {MARK}",
    "sudo, with her shell": f"SHELL={SHELL} sudo -s -u mallory {MARK}",
    "a service with her shell": f"systemd-run -q --wait --pipe --uid=mallory -p PAMName=login {SHELL} -c '{MARK}'",
    "login": f"(sleep 2; echo '{MARK}') | script -qec 'exec login -f mallory' /dev/null",
}


@pytest.mark.parametrize("how", BY_ROOT)
def test_root_becomes_her(server, journal, how):
    result = server.try_sh(BY_ROOT[how], timeout=30)
    assert REFUSED in result.text + result.error, result
    journal.expect(LOGGED, "LABGPU_USER=mallory")


def by_carol(carol, command):
    """carol knows mallory's password, and types it at a terminal on the host."""
    typed = f"(sleep 1; echo \"{PASSWORD}\"; sleep 2) | script -qec \"{command}\" /dev/null"
    return carol.ssh(typed, timeout=30)


@pytest.mark.parametrize("options", ["", "-", "-s /bin/bash", "-p", "--pty", "-s /bin/sh -p -"])
def test_an_accomplice_on_the_host_becomes_her(carol, options):
    """With the right password; su gives whose shell is not in /etc/shells no other one (su(1), --shell)."""
    result = by_carol(carol, f"su {options} mallory -c 'id -un; {MARK}'")
    assert REFUSED in result.text, result


def test_an_accomplice_logs_in_by_ssh_from_the_host(server, mallory, carol):
    server.write("/home/carol/mallory.key", mallory.key.read_bytes(), mode="600", owner="carol")
    options = "-i mallory.key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
    for host in ("localhost", "127.0.0.1", "::1"):
        result = carol.ssh(f"ssh {options} mallory@{host} 'hostname; [ -e /.labgpu ] || {MARK}'")
        assert result.text == "mallory-VM" or host == "::1", result
    server.sh("rm /home/carol/mallory.key")


CHANGES = {
    "the shell": "chsh -s /bin/bash mallory",
    "the home": "usermod -d /root mallory",
    "the name": "chfn -f x mallory",
    "the account": "userdel mallory",
}


@pytest.mark.parametrize("what", CHANGES)
def test_the_hosts_tools_change_nothing_of_her(server, mallory, what):
    """Her entry is in labgpu's index, not in /etc/passwd, and stays what it is."""
    before = server.sh("getent passwd mallory").text, server.login_files()
    server.try_sh(CHANGES[what])
    assert (server.sh("getent passwd mallory").text, server.login_files()) == before
    assert mallory.ssh("hostname").ok().text == "mallory-VM"


@pytest.mark.parametrize("group", ["labgpu", "docker", "labgpu-admin", "root", "shadow"])
def test_groups_of_the_host(server, mallory, carol, group):
    """What she makes herself a member of in the container, and the host's newgrp without a password of the group's."""
    gid = server.sh(f"getent group {group} | cut -d: -f3").text
    mallory.root(f"getent group {group} || groupadd -og {gid} {group}; usermod -aG {group} mallory")
    assert gid not in server.sh("id -G mallory").text.split() or group == "labgpu"
    result = carol.ssh(f"echo wrong | sg {group} -c 'id -G'")
    assert gid not in result.text.split(), result


# Files of the container that a host of her own would run.
PLACES = [
    "/etc/crontab",
    "/etc/cron.d/evil",
    "/var/spool/cron/crontabs/mallory",
    "/var/spool/at/a0000101",
    "/etc/systemd/system/evil.service",
    "/run/systemd/system/evil.service",
    "/etc/udev/rules.d/evil.rules",
    "/etc/ld.so.preload",
    "/etc/profile.d/evil.sh",
    "/etc/update-motd.d/evil",
    "/etc/sudoers.d/evil",
    "/root/.ssh/authorized_keys",
    "/var/lib/labgpu/keys/root",
]


@pytest.mark.parametrize("place", PLACES)
def test_a_file_that_the_host_would_run_is_the_containers(server, mallory, place):
    before = server.sh(f"cat {place} 2>/dev/null | sha256sum").text
    mallory.root(f"mkdir -p $(dirname {place}); cp {place} /var/tmp/kept; echo '# {MARKER}' >>{place}").ok()
    assert MARKER in mallory.root(f"cat {place}; rm -f {place}").ok().text
    mallory.root(f"mv /var/tmp/kept {place}")
    assert server.sh(f"cat {place} 2>/dev/null | sha256sum").text == before


def test_no_service_manager_of_hers_on_the_host(server, mallory):
    """Lingering, which only the host's root or she herself on the host could ask for."""
    uid = server.sh("id -u mallory").text
    server.sh("loginctl enable-linger mallory; sleep 1; true")
    try:
        assert server.try_sh(f"systemctl is-active user@{uid}.service").text != "active"
        assert server.try_sh(f"systemd-run --user --machine=mallory@.host {MARK}", timeout=40).status != 0
    finally:
        server.sh("loginctl disable-linger mallory; true")


def test_her_password_opens_nothing_else(server, laptop, mallory):
    """By password she lands where her key leads."""
    client = Client(laptop, "mallory", PASSWORD)
    assert client.ssh("hostname").ok().text == "mallory-VM"
    assert Client(laptop, "root", PASSWORD).ssh("hostname").failed().out == b""
