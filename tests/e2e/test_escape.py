# Ways by which a hostile user could have a program run on the host. Each is shown to work without labgpu first.
import subprocess

import pytest

from client import Client, free_port, talk
from processes import run, wait_until
from server import MARKER

DROP_IN = "/etc/ssh/sshd_config.d/*labgpu*.conf"
PAM = "/etc/pam.d/sshd"

# Writes the marker as soon as any dynamic program of the host loads it.
PRELOADED = f"""
#include <fcntl.h>
#include <unistd.h>
__attribute__((constructor)) static void run(void) {{ close(open("{MARKER}", O_CREAT | O_WRONLY, 0666)); }}
"""


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("preload")
    (folder / "run.c").write_text(PRELOADED)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", folder / "run.so", folder / "run.c"], check=True, timeout=60)
    return (folder / "run.so").read_bytes()


@pytest.fixture
def planted(alice):
    """Puts files into alice's home, as she can from inside her container; they go after the test."""
    paths = []

    def plant(path, data):
        paths.append(path)
        alice.ssh(f"mkdir -p $(dirname ~/{path}) && cat >~/{path} && chmod 700 ~/{path}", stdin=data).ok()
        return f"/home/alice/{path}"

    yield plant
    for path in paths:
        alice.ssh(f"rm -f ~/{path}").ok()


# --- what a user can plant at home


def marker_appears(server, client, *options):
    """The positive side: the same plant works for a host account."""
    client.ssh("sleep 1", *options).ok()
    found = server.try_sh(f"test -e {MARKER}").status == 0
    server.sh(f"rm -f {MARKER}")
    return found


def test_preloaded_library_in_the_pam_environment(server, alice, carol, planted, library, no_marker):
    path = planted("run.so", library)
    planted(".pam_environment", f"LD_PRELOAD DEFAULT={path}\n".encode())
    alice.ssh("true").ok()
    alice.ssh("true", "-tt").ok()
    alice.sftp("ls").ok()
    alice.ssh("labgpu status").ok()
    server.write("/home/carol/run.so", library, owner="carol")
    server.write("/home/carol/.pam_environment", b"LD_PRELOAD DEFAULT=/home/carol/run.so\n", owner="carol")
    try:
        # Debian 13 has stopped reading the file; the test above stands for both.
        assert marker_appears(server, carol) == (server.release == "bookworm")
    finally:
        server.sh("rm /home/carol/.pam_environment")


def test_preloaded_library_reaches_neither_xauth_nor_its_shell(server, alice, carol, planted, library, no_marker):
    path = planted("run.so", library)
    planted(".pam_environment", f"LD_PRELOAD DEFAULT={path}\nLD_AUDIT DEFAULT={path}\n".encode())
    alice.environment["DISPLAY"] = ":9"
    try:
        # The server reads it for every login when its administrator says so, on any release.
        enable = f"sed -i 's/^session.*pam_env.so.*readenv.*/session required pam_env.so/' {PAM}"
        enable += f"; echo 'session required pam_env.so user_readenv=1' >>{PAM}"
        with server.edited(enable, PAM):
            assert alice.ssh("echo $DISPLAY", "-Y").ok().text == "localhost:10.0"
            alice.ssh("labgpu status", "-Y").ok()
            server.write("/home/carol/run.so", library, owner="carol")
            server.write("/home/carol/.pam_environment", b"LD_PRELOAD DEFAULT=/home/carol/run.so\n", owner="carol")
            assert marker_appears(server, carol), "without labgpu it has to work, else this shows nothing"
    finally:
        del alice.environment["DISPLAY"]
        server.sh("rm -f /home/carol/.pam_environment")


def test_ssh_rc_is_not_run_on_the_host(server, alice, carol, planted, no_marker):
    planted(".ssh/rc", f"touch {MARKER}\n".encode())
    alice.ssh("true").ok()
    alice.ssh("true", "-tt").ok()
    server.write("/home/carol/.ssh/rc", f"touch {MARKER}\n".encode(), owner="carol")
    try:
        assert marker_appears(server, carol)
    finally:
        server.sh("rm /home/carol/.ssh/rc")


def test_ssh_environment_is_not_read(alice, planted, library, no_marker):
    path = planted("run.so", library)
    planted(".ssh/environment", f"LD_PRELOAD={path}\nFROM_FILE=yes\n".encode())
    assert alice.ssh("echo [$FROM_FILE]").ok().text == "[]"
    alice.ssh("labgpu status").ok()


def test_environment_of_the_client_does_not_reach_the_host(alice, planted, library, no_marker):
    path = planted("run.so", library)
    for command in ("true", "labgpu status"):
        alice.ssh(command, "-o", f"SetEnv=LD_PRELOAD={path} LC_ALL={path} LANGUAGE={path} BASH_ENV={path}").ok()


def test_options_of_an_own_key_run_nothing_on_the_host(laptop, alice, planted, library, no_marker):
    path = planted("run.so", library)
    key = laptop.directory / "options.key"
    key.unlink(missing_ok=True)
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key]).ok()
    options = f'environment="LD_PRELOAD={path}",command="touch {MARKER}; hostname" '
    planted(".ssh/authorized_keys", options.encode() + key.with_suffix(".key.pub").read_bytes())
    client = Client(laptop, "alice")
    client.options = [word.replace(str(alice.key), str(key)) for word in alice.options]
    result = client.ssh("echo asked; hostname")
    assert result.status != 0 or "alice-VM" in result.text, result


@pytest.mark.parametrize("file", [".bashrc", ".profile", ".bash_profile", ".zshenv", ".kshrc", ".login", ".hushlogin"])
def test_shell_start_files_do_not_run_on_the_host(alice, planted, no_marker, file):
    planted(file, f"[ -e /.labgpu ] || touch {MARKER}\n".encode())
    alice.ssh("true").ok()
    alice.ssh("labgpu status").ok()
    alice.ssh("true", "-tt").ok()


def test_units_of_the_user_are_not_run_by_the_hosts_systemd(server, alice, carol, planted, no_marker):
    unit = f"[Service]\nType=oneshot\nExecStart=/bin/touch {MARKER}\n[Install]\nWantedBy=default.target\n".encode()
    planted(".config/systemd/user/escape.service", unit)
    wants = ".config/systemd/user/default.target.wants"
    alice.ssh(f"mkdir -p ~/{wants}; ln -sf ../escape.service ~/{wants}/").ok()
    alice.ssh("sleep 3").ok()
    uid = server.sh("id -u alice").text
    assert server.try_sh(f"systemctl is-active user@{uid}.service").text != "active"
    server.sh(f"systemctl start user@{uid}.service; sleep 1; true")
    assert server.try_sh(f"test -e {MARKER}").status == 1
    server.write("/home/carol/.config/systemd/user/escape.service", unit, owner="carol")
    server.sh(f"d=/home/carol/{wants}; mkdir -p $d; ln -sf ../escape.service $d/; chown -R carol /home/carol/.config")
    try:
        server.sh("loginctl terminate-user carol; systemctl stop user@$(id -u carol).service; true")
        assert marker_appears(server, carol, "-tt"), "the host's systemd runs nobody's units; this shows nothing"
    finally:
        server.sh("rm -r /home/carol/.config; systemctl stop user@$(id -u carol).service")


# --- the administrator's mistakes: what remains must end in the container, or nowhere


def test_internal_sftp_serves_the_container(server, alice, carol, tmp_path):
    (tmp_path / "sent").write_text("sent\n")

    def moved(client):
        """What that person's sftp and scp find under /etc, and whether what they write is the host's."""
        client.sftp(f"get /etc/hostname {tmp_path}/got\nput {tmp_path}/sent /var/tmp/e2e-by-sftp").ok()
        client.scp(f"{tmp_path}/sent", "server:/var/tmp/e2e-by-scp").ok()
        found = server.sh("ls /var/tmp | grep e2e-by || true; rm -f /var/tmp/e2e-by-*").text.split()
        return (tmp_path / "got").read_text().strip(), found

    with server.edited(
        "sed -i 's/^Subsystem.*/Subsystem sftp internal-sftp/' /etc/ssh/sshd_config", "/etc/ssh/sshd_config"
    ):
        assert moved(alice) == ("alice-VM", [])
        assert moved(carol) == (server.sh("hostname").text, ["e2e-by-scp", "e2e-by-sftp"])
    alice.ssh("rm /var/tmp/e2e-by-*").ok()


def never_on_the_host(server, alice, tmp_path, forwarding=True):
    """Every kind of session ends in alice's container or fails; nothing is forwarded to the host's loopback."""
    for options in ((), ("-tt",)):
        result = alice.ssh("hostname", *options)
        lines = result.text.splitlines()
        assert lines[-1:] == ["alice-VM"] if result.status == 0 else server.name not in lines, result
    (tmp_path / "got").unlink(missing_ok=True)
    alice.sftp(f"get /etc/hostname {tmp_path}/got")
    assert not (tmp_path / "got").exists() or (tmp_path / "got").read_text() == "alice-VM\n"
    if not forwarding:
        return
    port = free_port()
    with alice.background(None, "-N", "-v", "-L", f"127.0.0.1:{port}:127.0.0.1:22") as process:
        wait_until(lambda: process.poll() or b"Entering interactive" in process.err or process.process.poll(), 40)
        if process.process.poll() is None:
            assert b"SSH-2.0" not in talk(port), "that was the host's own sshd"


def test_without_the_drop_in(server, alice, tmp_path):
    with server.edited(f"rm {DROP_IN}", "/etc/ssh/sshd_config.d"):
        never_on_the_host(server, alice, tmp_path)


@pytest.mark.parametrize("kind", ["auth", "account", "session", "[a-z]*"], ids=["auth", "account", "session", "all"])
def test_without_a_pam_line(server, alice, root, tmp_path, kind):
    with server.edited(f"sed -i '/^{kind}.*pam_labgpu/d' {PAM}", PAM):
        # Where nothing of labgpu's is in PAM, sshd forwards as it does for any account (docs/SECURITY.md).
        never_on_the_host(server, alice, tmp_path, forwarding=kind != "[a-z]*")
        root.ssh("true").ok()


def test_without_the_pam_auth_line_the_login_is_refused(server, alice):
    with server.edited(f"sed -i '/^auth.*pam_labgpu/d' {PAM}", PAM):
        result = alice.ssh("hostname").failed()
        assert "auth line" in result.text + result.error, "no word about why"


def test_without_pam_at_all(server, alice, tmp_path):
    with server.edited("sed -i 's/^UsePAM.*/UsePAM no/' /etc/ssh/sshd_config", "/etc/ssh/sshd_config"):
        never_on_the_host(server, alice, tmp_path, forwarding=False)


def test_without_the_module_file(server, alice, root, tmp_path):
    module = server.sh(
        "ls /lib/*/security/pam_labgpu.so /usr/lib/*/security/pam_labgpu.so 2>/dev/null | head -n 1"
    ).text
    server.sh(f"mv {module} {module}.away")
    try:
        never_on_the_host(server, alice, tmp_path)
    finally:
        server.sh(f"mv {module}.away {module}")
    alice.ssh("true").ok()
