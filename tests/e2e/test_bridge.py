# Accounts of the host whose group gives them a container: they are in it as labgpu's own accounts are in theirs, and
# nowhere on the host.
import pytest

from bridge import (
    CONFIG,
    add_host_user,
    assert_in_container,
    assert_on_host,
    assert_refused,
    bridged_groups,
    remove_host_user,
)
from client import Client, free_port, talk
from processes import run, wait_until
from server import MARKER
from test_forwarding import PERL_CLIENT
from test_host_logins import STATES

PASSWORD = "gwen's pass word"
DROP_IN = "/etc/ssh/sshd_config.d/00-labgpu.conf"


@pytest.fixture(scope="module")
def group(server, carol):
    server.sh("groupadd -f gpuusers; groupadd -f -g 7000 lab")
    with bridged_groups(server, "gpuusers"):
        yield "gpuusers"
    server.sh("groupdel gpuusers; groupdel lab")


@pytest.fixture(scope="module")
def gwen(server, laptop, group):
    """In the group by membership, with a key and a password."""
    client = add_host_user(server, laptop, "gwen", "-c", "'Gwen G.,room 7,'")
    server.sh("chpasswd", stdin=f"gwen:{PASSWORD}\n")
    yield client
    remove_host_user(server, "gwen")


@pytest.fixture
def host_user(server, laptop, group):
    """Makes accounts of the host for one test: host_user("name", OPTION...); they go when it ends."""
    made = []

    def make(name, *options, group=group):
        made.append(name)
        return add_host_user(server, laptop, name, *options, group=group)

    yield make
    for name in made:
        remove_host_user(server, name)


def user(server, name):
    return server.labgpu_json("user", "show", name)["user"]


# --- a login


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


# --- what an administrator sees and sets


def test_list_and_show_tell_where_the_account_comes_from(server, gwen, alice):
    gwen.ssh("true").ok()
    rows = {line.split()[0]: line.split() for line in server.labgpu("user", "list").ok().text.splitlines()}
    assert (rows["gwen"][2], rows["alice"][2]) == ("server", "labgpu")
    shown = dict(line.split(None, 1) for line in server.labgpu("user", "show", "gwen").ok().text.splitlines())
    assert (shown["from"], shown["password"]) == ("server", "server's")


def test_nothing_of_it_is_in_the_name_service_twice(server, gwen):
    gwen.ssh("true").ok()
    assert server.sh("getent passwd | grep -c ^gwen:").text == "1"
    assert "labgpu" not in server.sh("id -Gn gwen").text.split()


def test_lock_dates_limits_and_maintenance(server, gwen):
    gwen.ssh("true").ok()
    try:
        server.labgpu("user", "set", "gwen", "locked=yes").ok()
        assert_refused(gwen.ssh("hostname"), "locked")
        server.labgpu("user", "set", "gwen", "locked=no", "not_after=2001-01-01").ok()
        assert_refused(gwen.ssh("hostname"), "expired on 2001-01-01")
        server.labgpu("user", "set", "gwen", "not_after=", "max_sessions=1").ok()
        with gwen.background("echo in; read line") as first:
            first.expect(b"in\n")
            assert_refused(gwen.ssh("hostname"), "you have 1 login open")
        server.labgpu("maintenance", "on", "back at 18:00").ok()
        assert_refused(gwen.ssh("hostname"), "back at 18:00")
    finally:
        server.labgpu("maintenance", "off").ok()
        server.labgpu("user", "set", "gwen", "locked=no", "not_after=", "max_sessions=").ok()
    assert_in_container(gwen)


def test_settings_of_its_container(server, host_user):
    hana = host_user("hana")
    hana.ssh("true").ok()
    server.labgpu("user", "set", "hana", "hostname={user}-lab", "login=root").ok()
    server.sh("docker rm -f hana_container")
    assert hana.ssh("hostname; id -un").ok().text.split() == ["hana-lab", "root"]
    status = server.labgpu_json("status", "hana")["containers"][0]
    assert (status["user"], status["state"]) == ("hana", "running")
    server.labgpu("stop", "hana").ok()
    assert server.init_pid("hana") == 0
    server.labgpu("start", "hana").ok()
    assert hana.ssh("hostname").ok().text == "hana-lab"


def test_keys_of_the_administrator_count_and_what_is_the_hosts_is_refused(server, laptop, gwen):
    gwen.ssh("true").ok()
    key = laptop.directory / "given.key"
    key.unlink(missing_ok=True)
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key]).ok()
    server.write("/var/tmp/given.pub", key.with_suffix(".key.pub").read_bytes())
    server.labgpu("key", "add", "gwen", "/var/tmp/given.pub").ok()
    given = Client(laptop, "gwen")
    given.options = [word.replace(str(gwen.key), str(key)) for word in gwen.options]
    assert given.ssh("hostname").ok().text == "gwen-VM"
    for words, stdin in ((["--password-stdin"], b"another\n"), (["--no-password"], b""), (["real_name=G"], b"")):
        result = server.labgpu("user", "set", "gwen", *words, stdin=stdin).failed()
        assert "gwen is an account of this server" in result.error, result
        assert len(result.error.splitlines()) == 1
    added = server.labgpu("user", "add", "gwen").failed()
    assert len(added.error.splitlines()) == 1, added


def test_its_password_is_the_hosts_to_change(server, laptop, gwen):
    gwen.ssh("true").ok()
    for option in ("--generate", "--delete", "--lock", "--expire"):
        result = server.labgpu("passwd", "gwen", option).failed()
        assert "gwen is an account of this server, whose password is not labgpu's to change" in result.error, result
    other = "gwen's other pass word"
    server.sh("chpasswd", stdin=f"gwen:{other}\n")
    try:
        assert Client(laptop, "gwen", other, "password").ssh("hostname").ok().text == "gwen-VM"
    finally:
        server.sh("chpasswd", stdin=f"gwen:{PASSWORD}\n")


def test_adding_somebody_of_the_host_tells_of_the_group(server, group, carol):
    result = server.labgpu("user", "add", "carol").failed()
    assert "a user in gpuusers need not be added" in result.error, result


# --- who is a member


def test_others_are_not_touched(server, group, gwen, root, carol, carol_by_password, before_labgpu):
    for client in (root, carol, carol_by_password):
        result = client.ssh("hostname").ok()
        assert result.text == server.sh("hostname").text
        assert result.seconds < 2, result
    assert carol.describe_login() == before_labgpu["carol"]
    assert root.describe_login() == before_labgpu["root"]
    assert "carol" not in server.labgpu("user", "list").text


def test_who_leaves_the_group_is_an_account_of_the_host_again(server, host_user):
    """Exactly as before; the record, the container and the home stay until somebody removes them."""
    lena = host_user("lena", group="lab")
    before = lena.describe_login()
    server.sh("gpasswd -a lena gpuusers")
    assert lena.ssh("echo kept >kept; hostname").ok().text == "lena-VM"
    server.sh("gpasswd -d lena gpuusers")
    assert lena.describe_login() == before
    assert server.init_pid("lena") != 0, "the container is the administrator's to stop"
    removed = server.labgpu("user", "remove", "--yes", "lena").ok()
    assert "lena stays an account of this server" in removed.text
    assert server.init_pid("lena") == 0
    assert_on_host(server, lena)
    server.sh("gpasswd -a lena gpuusers")
    assert lena.ssh("cat kept; hostname").ok().text.split() == ["kept", "lena-VM"]


def test_who_has_left_does_not_get_into_the_container_from_the_host(server, host_user):
    """With a shell there, in a network of one's own making."""
    lena = host_user("lena")
    lena.ssh("true").ok()
    server.sh("gpasswd -d lena gpuusers")
    assert_on_host(server, lena)
    own, hosts = (lena.ssh(f"{way} readlink /proc/self/ns/net").ok().text for way in ("unshare -Urn", ""))
    assert own != hosts
    for way in ("unshare -Urn", ""):
        result = lena.ssh(f"{way} /usr/libexec/labgpu/labgpu-session -c hostname").failed()
        assert result.out == b"" and "not set up for this way of logging in" in result.error, (way, result)


def test_who_left_is_refused_while_a_group_is_not_found(server, host_user, root, carol):
    """Nobody can tell then whether they are still a member; who never had a container is not concerned."""
    lena = host_user("lena")
    lena.ssh("true").ok()
    with bridged_groups(server, "gpuusers", "elsewhere"):
        assert_in_container(lena)
        server.sh("gpasswd -d lena gpuusers")
        assert_refused(lena.ssh("hostname"), "cannot tell now whether your account has a container")
        assert_on_host(server, carol)
        root.ssh("true").ok()
        assert "MISSING  the group elsewhere" in server.labgpu("setup", "--check").failed().text
    assert_on_host(server, lena)


def test_root_and_system_accounts_have_no_container(server, laptop, group, root):
    """Whatever groups they are in; sshd's rule would be theirs too, which the check tells of."""
    service = Client(laptop, "service")
    server.sh("useradd --system -m -s /bin/bash -G gpuusers service; gpasswd -a root gpuusers")
    try:
        server.write("/home/service/.ssh/authorized_keys", service.public_key.encode(), mode="600", owner="service")
        assert_on_host(server, root)
        assert service.ssh("hostname").failed().out == b""
        assert "service" not in server.labgpu("user", "list").ok().text
        check = server.labgpu("setup", "--check").failed().text
        assert "MISSING  only people's accounts in gpuusers: service cannot log in by ssh" in check, check
        server.sh("gpasswd -d service gpuusers")
        assert_on_host(server, service)
        server.labgpu("setup", "--check").ok()
    finally:
        server.sh("gpasswd -d root gpuusers")
        remove_host_user(server, "service")


def test_another_uid_is_refused_with_a_sentence(server, host_user):
    ursula = host_user("ursula")
    ursula.ssh("true").ok()
    before = server.sh("id -u ursula").text
    server.sh("usermod -u 7777 ursula")
    assert_refused(ursula.ssh("hostname"), f"is 7777, and it was {before}")
    server.labgpu("user", "remove", "--yes", "ursula").ok()
    server.sh("docker rm -f ursula_container")
    assert ursula.ssh("hostname; id -u").ok().text.split() == ["ursula-VM", "7777"]


def test_a_name_of_labgpus_own_is_refused(server, laptop, group, new_user):
    """root made an account of that name on the host later."""
    mine = new_user()
    mine.ssh("true").ok()
    # useradd(8) refuses the name, which NSS has.
    server.sh(f"echo {mine.user}:x:7778:7778::/home/{mine.user}:/bin/bash >>/etc/passwd; gpasswd -a {mine.user} gpuusers")
    try:
        server.sh(f"chown -R {mine.user} /home/{mine.user}")
        server.write(f"/home/{mine.user}/.ssh/authorized_keys", mine.public_key.encode(), owner=mine.user)
        assert_refused(mine.ssh("hostname"), f"labgpu has an account {mine.user} of its own")
    finally:
        server.sh(f"gpasswd -d {mine.user} gpuusers; sed -i '/^{mine.user}:/d' /etc/passwd")


def test_names_that_a_container_cannot_have_are_refused(server, laptop, group):
    odd = Client(laptop, "odd.name")
    server.sh("useradd --badname -m -s /bin/bash -G gpuusers odd.name")
    try:
        server.write("/home/odd.name/.ssh/authorized_keys", odd.public_key.encode(), owner="odd.name")
        assert_refused(odd.ssh("hostname"), "cannot be a user's name")
    finally:
        server.sh("userdel -r odd.name")


def test_an_account_without_a_login_shell_is_refused(server, host_user):
    nina = host_user("nina")
    server.sh("usermod -s /usr/sbin/nologin nina")
    assert_refused(nina.ssh("hostname"), "no login shell")


# --- the home


def test_a_missing_home_is_told_and_pam_mkhomedir_makes_it(server, laptop, group):
    mila = Client(laptop, "mila", PASSWORD)
    server.sh("useradd -M -s /bin/bash -G gpuusers mila; chpasswd", stdin=f"mila:{PASSWORD}\n")
    try:
        assert_refused(mila.ssh("hostname"), "the home directory of mila", "No such file")
        with server.edited("pam-auth-update --enable mkhomedir", "/etc/pam.d"):
            assert mila.ssh("hostname; ls -d ~").ok().text.split() == ["mila-VM", "/home/mila"]
    finally:
        remove_host_user(server, "mila")


def test_nobody_gets_a_directory_that_is_not_theirs(server, laptop, host_user):
    """A directory service may let people say where their home is."""
    host_user("otto")
    server.sh("chpasswd", stdin=f"otto:{PASSWORD}\n")
    otto = Client(laptop, "otto", PASSWORD)
    for home, reason in (("/root", "belongs to uid 0"), ("/home/carol", "belongs to uid"), ("/", "is not")):
        server.sh(f"usermod -d {home} otto")
        result = otto.ssh("cat /etc/shadow; hostname").failed()
        assert result.out == b""
        assert "home" in result.error, (home, reason, result)
        assert server.containers_of("otto") == []
    server.sh("usermod -d /home/otto otto")
    assert otto.ssh("hostname").ok().text == "otto-VM"


# --- nothing of theirs runs on the host


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


# --- the helper is away


@pytest.mark.parametrize("state", ["stopped", "hanging"])
def test_without_the_helper_members_are_refused_and_others_not_touched(server, gwen, root, carol, state):
    gwen.ssh("true").ok()
    with STATES[state](server):
        result = gwen.ssh("hostname", timeout=60)
        assert_refused(result, "does not answer")
        for client in (root, carol):
            other = client.ssh("hostname").ok()
            assert other.text == server.sh("hostname").text and other.seconds < 2, other
    wait_until(lambda: gwen.ssh("true").status == 0, 30, "gwen's login")


def test_a_damaged_index_refuses_members_and_nobody_else(server, gwen, root, carol):
    server.sh("echo damaged >/var/lib/labgpu/nss/bridge.cdb")
    try:
        assert_refused(gwen.ssh("hostname"), "cannot tell now whether your account has a container")
        assert_on_host(server, carol)
        root.ssh("true").ok()
    finally:
        server.sh("systemctl restart labgpud.service")
    assert_on_host(server, carol)
    assert_in_container(gwen)


# --- the configuration


def test_setup_check_and_the_log_tell_of_groups_that_differ(server, group, gwen):
    assert "ok       the groups of sshd's drop-in: gpuusers" in server.labgpu("setup", "--check").ok().text
    before = server.read(CONFIG)
    server.write(CONFIG, b'{ "bridge": { "groups": ["gpuusers", "no-such-group"] } }')
    try:
        check = server.labgpu("setup", "--check").failed()
        assert "MISSING  the groups of sshd's drop-in" in check.text
        assert "MISSING  the groups that labgpud serves" in check.text
        assert "MISSING  the group no-such-group" in check.text
        server.sh("systemctl restart labgpud.service")
        log = server.sh("journalctl -q -u labgpud -n 20 --no-pager").text
        assert "not set up for members of no-such-group" in log, log
    finally:
        server.write(CONFIG, before)
        server.sh("systemctl restart labgpud.service")
    server.labgpu("setup", "--check").ok()


def test_a_wrong_configuration_is_refused_and_nothing_changes(server, group):
    before, drop_in = server.read(CONFIG), server.read(DROP_IN)
    server.write(CONFIG, b'{ "bridge": { "groups": ["a,b"] } }')
    try:
        result = server.labgpu("setup").failed()
        assert len(result.error.splitlines()) == 1 and "bridge.groups" in result.error, result
        assert server.read(DROP_IN) == drop_in
    finally:
        server.write(CONFIG, before)


def test_setup_tells_an_administrator_what_may_surprise(server, gwen):
    told = server.sh("SUDO_USER=gwen labgpu setup 2>&1; SUDO_USER=carol labgpu setup 2>&1").text
    assert told.count("gwen is in a group whose members get containers") == 1, told
    assert "carol is in a group" not in told
    assert "lets set-user-ID programs count" in told


def test_undo_makes_them_accounts_of_the_host(server, host_user):
    lena = host_user("lena", group="lab")
    before = lena.describe_login().splitlines()
    server.sh("gpasswd -a lena gpuusers")
    assert_in_container(lena)
    server.labgpu("setup", "--undo").ok()
    try:
        after = lena.describe_login().splitlines()
        assert "(gpuusers)" in after[0] and after[1:] == before[1:]
    finally:
        server.labgpu("setup").ok()
    assert_in_container(lena)


def test_export_leaves_them_out(server, gwen, alice):
    gwen.ssh("true").ok()
    exported = server.labgpu("user", "export").ok().text
    assert '"alice"' in exported and "gwen" not in exported
    assert "not labgpu's to export" in server.labgpu("user", "export", "gwen").failed().error
