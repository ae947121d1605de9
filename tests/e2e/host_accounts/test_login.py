# Accounts of the host whose group gives them a container are in it as labgpu's own accounts are in theirs.
import pytest

from bridge import PASSWORD, assert_in_container
from client import Client, free_port, talk
from processes import run, wait_until
from test_forwarding import PERL_CLIENT

pytestmark = pytest.mark.either_release


def user(server, name):
    return server.labgpu_json("user", "show", name)["user"]


def test_login_needs_no_user_add(server, gwen):
    assert_in_container(gwen)
    found = user(server, "gwen")
    assert (found["origin"], found["realName"], found["hasPassword"]) == ("host", "Gwen G.", False)


def test_ids_and_home_are_those_of_the_host(server, gwen):
    inside = gwen.ssh("id -u; id -g; id -gn; echo $HOME; pwd; echo here >note").ok().text.split()
    assert inside[:2] == server.sh("id -u gwen; id -g gwen").text.split()
    assert inside[2:] == ["gwen", "/home/gwen", "/home/gwen"]
    assert server.read("/home/gwen/note") == b"here\n"
    assert server.sh("stat -c '%U %G' /home/gwen/note").text == "gwen gwen"


def test_primary_group_has_its_name_in_the_container(server, host_user):
    gary = host_user("gary", "-g", "lab")
    assert gary.ssh("id -g; id -gn; touch new; stat -c %G new").ok().text.split() == ["7000", "lab", "lab"]
    assert server.sh("stat -c %G /home/gary/new").text == "lab"


@pytest.mark.parametrize("method", ["password", "keyboard-interactive"])
def test_login_with_the_hosts_password(laptop, gwen, method):
    client = Client(laptop, "gwen", PASSWORD, method)
    assert client.ssh("hostname; id -un").ok().text.split() == ["gwen-VM", "gwen"]
    wrong = Client(laptop, "gwen", "not her password", method).ssh("true").failed()
    assert "Permission denied" in wrong.error


def test_terminal_and_login_shell(gwen):
    assert gwen.ssh("tty; hostname", "-tt").ok().text.split() == ["/dev/pts/0", "gwen-VM"]
    script = b"shopt -q login_shell && echo login; hostname; exit 7\n"
    shell = gwen.ssh(stdin=script)
    assert shell.status == 7
    assert "login\ngwen-VM" in shell.text, shell


def test_files_go_to_the_container(server, gwen, tmp_path):
    (tmp_path / "sent").write_text("sent\n")
    gwen.scp(f"{tmp_path}/sent", "server:by-scp").ok()
    gwen.scp("-O", f"{tmp_path}/sent", "server:/var/tmp/e2e-by-scp").ok()
    gwen.sftp(f"put {tmp_path}/sent /var/tmp/e2e-by-sftp\nget /etc/hostname {tmp_path}/got").ok()
    gwen.rsync(f"{tmp_path}/sent", "server:by-rsync").ok()
    assert (tmp_path / "got").read_text() == "gwen-VM\n"
    assert server.sh("ls /var/tmp | grep e2e-by || true").text == ""
    assert server.sh("cat /home/gwen/by-scp /home/gwen/by-rsync").text == "sent\nsent"


def test_ports_are_forwarded_to_the_container(server, gwen):
    port = free_port()
    serve = "perl -MIO::Socket::INET -e '$l = IO::Socket::INET->new(LocalPort => 8765, Listen => 1) or die;"
    serve += ' print qq(ready\\n); $| = 1; $c = $l->accept; print $c qq(inside\\n)\''
    with gwen.background(f"stdbuf -o0 {serve}") as service:
        wait_until(lambda: gwen.ssh("ss -ltn | grep -q :8765").status == 0, 20, "the service in the container")
        with gwen.forwarding("-L", f"127.0.0.1:{port}:127.0.0.1:8765"):
            assert talk(port) == b"inside\n"
        service.finish()


def test_ports_of_the_host_are_not_forwarded(server, gwen):
    port = free_port()
    with gwen.background(None, "-N", "-v", "-L", f"127.0.0.1:{port}:127.0.0.1:22") as process:
        wait_until(lambda: process.poll() or b"Entering interactive" in process.err, 40)
        assert b"SSH-2.0" not in talk(port), "that was the host's own sshd"


def test_x11_forwarding_with_xauth_of_the_container(gwen):
    """/bin/sh, with which sshd runs xauth, is not the host's either."""
    windows = gwen.with_environment({"DISPLAY": ":9"})
    script = "echo $DISPLAY; stat -c %U ~/.Xauthority; grep -c gwen-VM ~/.Xauthority; "
    answer = windows.ssh(script + PERL_CLIENT.format(address="127.0.0.1", port=6010), "-Y")
    assert answer.text.splitlines()[:3] == ["localhost:10.0", "gwen", "1"], answer
    assert "no:" not in answer.error, answer


@pytest.mark.parametrize("shell", ["/bin/sh", "/usr/bin/fish", "/bin/zsh", ""])
def test_whatever_the_shell_is(server, host_user, shell):
    shelly = host_user("shelly", "-s", f"'{shell}'")
    server.sh(f"usermod -s '{shell}' shelly")
    assert_in_container(shelly)
    windows = shelly.with_environment({"DISPLAY": ":9"})
    assert windows.ssh("grep -c shelly-VM ~/.Xauthority", "-Y").ok().text == "1"
    assert shelly.ssh("tty", "-tt").ok().text == "/dev/pts/0"


def test_keys_own_command_counts(server, laptop, gwen):
    key = laptop.directory / "bound.key"
    key.unlink(missing_ok=True)
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key]).ok()
    line = b'command="echo bound; hostname" ' + key.with_suffix(".key.pub").read_bytes()
    server.sh("cat >>/home/gwen/.ssh/authorized_keys", stdin=line)
    bound = Client(laptop, "gwen")
    bound.options = [word.replace(str(gwen.key), str(key)) for word in gwen.options]
    assert bound.ssh("echo asked").ok().text.split() == ["bound", "gwen-VM"]
