# Nothing of accounts of the host that have containers runs on the host.
import pytest

from bridge import DROP_IN, assert_in_container, assert_refused
from server import MARKER

pytestmark = pytest.mark.either_release


def plant(server, name, path, text):
    server.write(f"/home/{name}/{path}", text.encode(), mode="755", owner=name)


def escapes(server, client, *options):
    """Whether something that the client planted ran on the host during a login of theirs."""
    client.ssh("sleep 0.5", *options)
    client.ssh("sleep 0.5", "-tt", *options)
    client.ssh(stdin=b"sleep 0.5\n")
    found = server.try_sh(f"test -e {MARKER}").status == 0
    server.sh(f"rm -f {MARKER}")
    return found


START_FILES = [".bashrc", ".profile", ".bash_profile", ".bash_login", ".ssh/rc"]


@pytest.mark.parametrize("file", START_FILES)
def test_start_files_do_not_run_on_the_host(server, gwen, carol, no_marker, file):
    text = f"[ -e /.labgpu ] || touch {MARKER}\n"
    for name in ("gwen", "carol"):
        plant(server, name, file, text)
    try:
        assert not escapes(server, gwen)
        # The positive side; a login shell reads one of the three.
        assert escapes(server, carol), "this shows nothing: the same does not work for others either"
    finally:
        for name in ("gwen", "carol"):
            server.sh(f"cp /etc/skel/{file} /home/{name}/{file} 2>/dev/null || rm /home/{name}/{file}")


@pytest.mark.parametrize("edit", ["/ForceCommand/d", "/PermitUserRC/d", "/^ /d"], ids=["forced", "rc", "all"])
def test_a_drop_in_that_says_less_leads_to_the_container_all_the_same(server, gwen, no_marker, edit):
    text = f"[ -e /.labgpu ] || touch {MARKER}\n"
    files = [".bashrc", ".profile", ".ssh/rc"]
    for file in files:
        plant(server, "gwen", file, text)
    try:
        with server.edited(f"sed -i '{edit}' {DROP_IN}", DROP_IN):
            assert_in_container(gwen)
            assert gwen.ssh("hostname", "-tt").ok().text.split()[-1] == "gwen-VM"
            assert not escapes(server, gwen)
    finally:
        server.sh(f"cd /home/gwen; rm {' '.join(files)}; cp /etc/skel/.bashrc /etc/skel/.profile .")


@pytest.mark.parametrize("edit", [f"rm {DROP_IN}", f"sed -i 's/^Match .*/Match User *,!root Group labgpu/' {DROP_IN}"])
def test_without_the_drop_in_they_are_refused(server, gwen, root, tmp_path, edit):
    with server.edited(edit, "/etc/ssh/sshd_config.d"):
        assert_refused(gwen.ssh("hostname"), "run labgpu setup")
        gwen.sftp(f"get /etc/hostname {tmp_path}/got").failed()
        assert not (tmp_path / "got").exists()
        root.ssh("true").ok()
        check = server.labgpu("setup", "--check").failed()
        assert "MISSING" in check.text
    assert_in_container(gwen)


def test_internal_sftp_serves_the_container(server, gwen, tmp_path):
    subsystem = "sed -i 's/^Subsystem.*/Subsystem sftp internal-sftp/' /etc/ssh/sshd_config"
    with server.edited(subsystem, "/etc/ssh/sshd_config"):
        gwen.sftp(f"get /etc/hostname {tmp_path}/got").ok()
    assert (tmp_path / "got").read_text() == "gwen-VM\n"


def test_nothing_of_the_host_can_be_executed(server, gwen):
    """As when sshd saw another shell than PAM: the user changed it in the directory meanwhile."""
    plant(server, "gwen", "program", "#!/bin/sh\necho escaped\n")
    with gwen.background("echo in; read line") as login:
        login.expect(b"in\n")
        session = server.sh("pgrep -u gwen -fx 'bash -c /usr/libexec/labgpu/labgpu-session'").text
        enter = f"nsenter -m -t {session}"
        for program in ("/usr/bin/true", "/usr/bin/python3", "/usr/bin/fish", "/lib64/ld-linux-x86-64.so.2"):
            assert "Permission denied" in server.try_sh(f"{enter} {program}").failed().error, program
        assert "Permission denied" in server.try_sh(f"{enter} /home/gwen/program").failed().error
        for program in ("/bin/sh", "/bin/bash", "/usr/bin/dash"):
            assert "labgpu: " in server.try_sh(f"{enter} {program} -c 'echo escaped'").failed().error, program


def test_an_updated_shell_of_the_host_is_not_executed(server, gwen):
    """dpkg replaces the file, and the mount over it is gone from every namespace."""
    with gwen.master() as shared:
        assert shared.ssh("hostname").ok().text == "gwen-VM"
        server.sh("cp -p /usr/bin/bash /usr/bin/bash.new && mv /usr/bin/bash.new /usr/bin/bash")
        result = shared.ssh("hostname").failed()
        assert result.out == b"" and "Permission denied" in result.error, result
    assert_in_container(gwen)


def test_units_of_the_user_are_not_run_by_the_hosts_systemd(server, gwen, no_marker):
    unit = f"[Service]\nType=oneshot\nExecStart=/bin/touch {MARKER}\n[Install]\nWantedBy=default.target\n"
    plant(server, "gwen", ".config/systemd/user/escape.service", unit)
    wants = "/home/gwen/.config/systemd/user/default.target.wants"
    server.sh(f"mkdir -p {wants}; ln -sf ../escape.service {wants}/; chown -R gwen /home/gwen/.config")
    gwen.ssh("sleep 2").ok()
    uid = server.sh("id -u gwen").text
    assert server.try_sh(f"systemctl is-active user@{uid}.service").text != "active"
    server.sh(f"systemctl start user@{uid}.service; sleep 1; loginctl enable-linger gwen; sleep 1; true")
    assert server.try_sh(f"systemctl is-active user@{uid}.service").text != "active"
    server.sh("loginctl disable-linger gwen; rm -r /home/gwen/.config")


def test_whose_account_it_is_for_systemd(server, gwen, alice, carol):
    def owner(name):
        return server.try_sh(f"/usr/libexec/labgpu/labgpu-owner $(id -u {name})").status

    assert [owner(name) for name in ("root", "carol", "gwen", "alice")] == [0, 0, 1, 1]
    assert server.try_sh("/usr/libexec/labgpu/labgpu-owner gwen").status == 2
    assert server.try_sh("/usr/libexec/labgpu/labgpu-owner 54321").status == 0
