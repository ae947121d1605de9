# What a person is told at a login of the container and the server: who sees it, in which words, and what cannot hold it up.
import contextlib
import time

import pytest

from processes import PATIENCE, wait_until
from settings import configuration, made_with, reload, set_user
from terminal import Terminal

pytestmark = pytest.mark.either_release

LABGPUD = "/usr/libexec/labgpu/labgpud"
GREETING = "/etc/labgpu/greeting"
CHINESE = ("-o", "SetEnv=LANG=zh_CN.UTF-8")


def shown_at_login(client, *options):
    """All lines that an interactive login shows before its first prompt."""
    with Terminal(client, None, *options) as terminal:
        terminal.ssh.expect_exact("$ ")
        shown = terminal.ssh.before.decode()
        terminal.ssh.sendline("exit")
        terminal.rest()
    return shown.splitlines()[:-1]


def line_of(lines, label):
    found = [line for line in lines if line.startswith(label)]
    assert len(found) == 1, lines
    return found[0]


@contextlib.contextmanager
def template(server, text, file=GREETING):
    """The file with this text, reloaded; as it was afterwards."""
    server.sh(f"cp -a {file} /var/tmp/e2e-greeting")
    try:
        server.write(file, text.encode())
        yield reload(server)
    finally:
        server.sh(f"cp -a /var/tmp/e2e-greeting {file} && systemctl reload labgpud.service")


def test_a_login_is_told_once_and_before_its_shell(server, alice):
    alice.ssh("true").ok()
    lines = shown_at_login(alice)
    assert lines[0].startswith(f"alice-VM on {server.name}: image labgpu/default:latest, running for "), lines
    assert lines[0].endswith(" 1 login")
    assert line_of(lines, "CPUs").split()[1].isdigit()
    assert " free" in line_of(lines, "Disks    /home/alice: ")
    assert not any(line.startswith(("GPUs", "Ports", "Rebuild")) for line in lines), lines
    assert all(line.isascii() and "\033" not in line for line in lines), lines


def test_nobody_else_gets_a_byte_of_it(alice, laptop):
    local = laptop.directory / "greeting"
    local.write_bytes(b"content")
    for result in (
        alice.ssh("true"),
        alice.ssh("true", "-tt", "-q"),
        alice.scp(local, "server:greeting-1"),
        alice.rsync(local, "server:greeting-2"),
    ):
        assert (result.ok().out, result.err) == (b"", b"")
    moved = alice.sftp(f"put {local} greeting-3\n").ok()
    assert moved.out.splitlines() == [f"sftp> put {local} greeting-3".encode()] and moved.err == b""
    piped = alice.ssh(None, "-T", stdin=b"cat greeting-?; rm greeting-?\n").ok()
    assert piped.out.endswith(b"content" * 3) and b"alice-VM on" not in piped.out + piped.err


def test_a_quiet_login_is_quiet(alice):
    alice.ssh("touch .hushlogin").ok()
    try:
        assert shown_at_login(alice) == []
    finally:
        alice.ssh("rm .hushlogin").ok()


def test_the_locale_decides_about_the_language(server, alice):
    chinese = shown_at_login(alice, *CHINESE)
    assert chinese[0].startswith(f"{server.name} 上的 alice-VM：镜像 labgpu/default:latest，已运行 "), chinese
    assert "剩余" in line_of(chinese, "磁盘  /home/alice：")
    for locale in ("zh_CN.GBK", "de_DE.UTF-8", "C"):
        lines = shown_at_login(alice, "-o", f"SetEnv=LC_ALL={locale}")
        assert lines[0].startswith("alice-VM on "), lines


def test_the_text_is_the_administrators(server, alice):
    helper = server.helper_pid()
    with template(server, "Welcome, {user}!\nUPS test on Friday\n\033[1m{container}\033[0m\n") as reloaded:
        reloaded.ok()
        assert shown_at_login(alice)[:3] == ["Welcome, alice!", "UPS test on Friday", "\033[1malice_container\033[0m"]
        assert "已运行" in shown_at_login(alice, *CHINESE)[0]
    with template(server, "") as reloaded:
        reloaded.ok()
        assert not any("alice-VM" in line for line in shown_at_login(alice))
    with template(server, "欢迎 {user}\n") as reloaded:
        reloaded.ok()
        assert shown_at_login(alice, "-o", "SetEnv=LC_ALL=C")[0] == "?? alice"
    assert shown_at_login(alice)[0].startswith("alice-VM on ")
    assert server.helper_pid() == helper


def test_a_wrong_text_changes_nothing_and_is_told(server, alice):
    with template(server, "first {user}\n"):
        server.write(GREETING, b"one\n{colour}\n")
        reload(server).failed()
        checked = server.try_sh(f"{LABGPUD} --check-config").failed()
        assert checked.error.startswith(f"{GREETING}: line 2: there is no {{colour}}; there are: {{user}} "), checked
        server.sh(f"kill -HUP {server.helper_pid()}")
        said = f"the greeting stays what it was: {GREETING}: line 2"
        wait_until(lambda: said in server.sh("journalctl -q -u labgpud -o cat -n 20").text, 10, "the complaint")
        assert "the last good greeting is in force" in server.sh("systemctl show -p StatusText labgpud").text
        assert shown_at_login(alice)[0] == "first alice"
        # Without a good one before it, the built-in text stands in.
        server.sh("systemctl restart labgpud")
        assert shown_at_login(alice)[0].startswith("alice-VM on ")
    assert server.sh("systemctl show -p StatusText --value labgpud").text == ""


def test_it_can_be_switched_off(server, alice):
    with configuration(server, {"greeting": False}) as reloaded:
        reloaded.ok()
        assert not any(line.startswith(("alice-VM on ", "CPUs")) for line in shown_at_login(alice))
    with configuration(server, '{\n"greeting": "no"}') as reloaded:
        reloaded.failed()
        assert "line 2: greeting must be" in server.try_sh(f"{LABGPUD} --check-config").failed().error


@pytest.fixture
def full_disk(server):
    server.sh("mkdir -p /srv/full && mount -t tmpfs -o size=1m tmpfs /srv/full; head -c 1100k /dev/zero >/srv/full/x; true")
    yield "/srv/full"
    server.sh("umount -l /srv/full")


def test_limits_ports_and_a_full_disk_are_told(server, new_user, full_disk):
    user = made_with(server, new_user, "ports=8888,53/udp", "cpus=1.5", "memory=256m", f"mounts={full_disk}:/full")
    lines = shown_at_login(user)
    assert line_of(lines, "CPUs     1.5")
    assert line_of(lines, "Memory ").endswith("iB of 256 MiB"), lines
    assert [line for line in lines if "/full: 0 B of 1.0 MiB free, 100% FULL" in line], lines
    ports = server.labgpu_json("status", user.user)["containers"][0]["ports"]
    http = next(port.split(":")[0] for port in ports if port.endswith(":8888"))
    assert f"{http} -> 8888" in line_of(lines, "Ports ")
    assert "-> 53/udp" in line_of(lines, "Ports ")
    set_user(user, server, "shm_size=1g")
    assert "its old shm_size;" in line_of(shown_at_login(user), "Rebuild")


def test_gpus_are_told_with_whose_they_are(server, alice, bob, driver):
    with bob.background("echo ready; exec sleep 72727") as command:
        command.expect(b"ready")
        pid = server.sh("pgrep -xf 'sleep 72727'").text
        driver(
            f"gpu GPU-a 85899345920 3221225472 97 61 NVIDIA A100-SXM4-80GB\nprocess {pid} 2147483648\n"
            "gpu GPU-b 85899345920 0 0 30 NVIDIA A100-SXM4-80GB\n"
        )
        server.sh("systemctl restart labgpud")  # it remembers for some seconds that there were none
        shown_at_login(alice)  # on a slow machine the first one does not wait until the driver has answered
        lines = shown_at_login(alice)
    assert "0: A100-SXM4-80GB, 97% busy, 3.0 GiB of 80.0 GiB, used by bob" in line_of(lines, "GPUs "), lines
    assert any(line.endswith("1: A100-SXM4-80GB, free") for line in lines), lines


def seconds_to_the_prompt(client):
    begun = time.monotonic()
    lines = shown_at_login(client)
    return time.monotonic() - begun, lines


@pytest.fixture
def running(alice):
    """Alice, whose container runs already."""
    alice.ssh("true").ok()
    return alice


def test_a_docker_that_hangs_holds_nobody_up(running, frozen_docker):
    seconds, lines = seconds_to_the_prompt(running)
    assert seconds < 5 * PATIENCE
    assert lines[0].endswith(": image labgpu/default:latest, running, 1 login"), lines


def test_a_driver_that_hangs_holds_nobody_up(server, alice, driver):
    driver("hang\n")
    server.sh("systemctl restart labgpud")
    for _ in range(3):
        seconds, lines = seconds_to_the_prompt(alice)
        assert seconds < 5 * PATIENCE
        assert not any(line.startswith("GPUs") for line in lines), lines
