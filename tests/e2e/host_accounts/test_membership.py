# Who gets a container because of a group, who does not, and who is told why not; and whose home it has.
import pytest

from bridge import PASSWORD, assert_in_container, assert_on_host, assert_refused, bridged_groups, remove_host_user
from client import Client

pytestmark = pytest.mark.either_release


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
