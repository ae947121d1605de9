# The administrator's mistakes in sshd's and PAM's configuration: what remains must end in the container, or nowhere.
import pytest

from client import free_port, talk
from processes import wait_until

DROP_IN = "/etc/ssh/sshd_config.d/*labgpu*.conf"
PAM = "/etc/pam.d/sshd"


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
