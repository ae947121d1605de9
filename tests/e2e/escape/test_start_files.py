# Files that a user plants at home, so that the host runs what they say. Each is shown to work without labgpu, too.
import pytest

from client import Client
from processes import run
from server import HOME_MARKER, MARKER

pytestmark = pytest.mark.either_release

PAM = "/etc/pam.d/sshd"
# For a shell: marks that it ran on the host.
MARK = f"[ -e /.labgpu ] || touch {MARKER} ~/{HOME_MARKER}\n".encode()


def marker_appears(server, client, *options):
    """The positive side: the same plant works for a host account."""
    client.ssh("sleep 1", *options).ok()
    found = server.try_sh(f"test -e {MARKER}").status == 0
    server.sh(f"rm -f {MARKER} /home/carol/{HOME_MARKER}")
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
            server.write("/home/carol/run.so", library, owner="carol")
            server.write("/home/carol/.pam_environment", b"LD_PRELOAD DEFAULT=/home/carol/run.so\n", owner="carol")
            assert marker_appears(server, carol), "without labgpu it has to work, else this shows nothing"
    finally:
        del alice.environment["DISPLAY"]
        server.sh("rm -f /home/carol/.pam_environment")


def test_ssh_rc_is_not_run_on_the_host(server, alice, carol, planted, no_marker):
    planted(".ssh/rc", MARK)
    alice.ssh("true").ok()
    alice.ssh("true", "-tt").ok()
    server.write("/home/carol/.ssh/rc", MARK, owner="carol")
    try:
        assert marker_appears(server, carol)
    finally:
        server.sh("rm /home/carol/.ssh/rc")


def test_ssh_environment_is_not_read(alice, planted, library, no_marker):
    path = planted("run.so", library)
    planted(".ssh/environment", f"LD_PRELOAD={path}\nFROM_FILE=yes\n".encode())
    assert alice.ssh("echo [$FROM_FILE]").ok().text == "[]"


def test_environment_of_the_client_does_not_reach_the_host(alice, planted, library, no_marker):
    path = planted("run.so", library)
    alice.ssh("true", "-o", f"SetEnv=LD_PRELOAD={path} LC_ALL={path} LANGUAGE={path} BASH_ENV={path}").ok()


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


# What makes a host account's shell read the file; of some there is no shell on the server, or nothing is run by them.
SHELLS = {
    ".bashrc": "true",
    ".profile": "sh -lc true",
    ".bash_profile": "bash -lc true",
    ".bash_login": "bash -lc true",
    ".zshenv": "zsh -c true",
    ".config/fish/config.fish": "fish -c true",
    ".kshrc": None,
    ".login": None,
    ".hushlogin": None,
}


@pytest.mark.parametrize("file", SHELLS)
def test_shell_start_files_do_not_run_on_the_host(server, alice, carol, planted, no_marker, file):
    text = MARK.replace(b"[ -e /.labgpu ] ||", b"test -e /.labgpu; or") if "fish" in file else MARK
    planted(file, text)
    alice.ssh("true").ok()
    alice.ssh("true", "-tt").ok()
    alice.ssh(stdin=b"exit\n").ok()
    if SHELLS[file] is None:
        return
    original = f"/home/carol/{file}"
    server.sh(f"test ! -e {original} || cp -p {original} {original}.e2e")
    server.write(original, text, owner="carol")
    try:
        carol.ssh(SHELLS[file]).ok()
        assert server.try_sh(f"rm {MARKER} /home/carol/{HOME_MARKER}").status == 0, "the same works for nobody"
    finally:
        server.sh(f"rm -f {original}; test ! -e {original}.e2e || mv {original}.e2e {original}")


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
