# Keys that the administrator gives: labgpu takes the options that sshd understands, and no others.
import pytest

from client import Client
from processes import run

pytestmark = pytest.mark.long

TAKEN_BY_BOTH = [
    "restrict,pty",
    "no-X11-forwarding,NO-PTY,,",
    'from="*.example.org,!192.0.2.1,0.0.0.0/0,::/0"',
    'expiry-time="20991231"',
    'expiry-time="209912312359Z"',
    'environment="A_1=b, \\"c\\""',
    'permitopen="[::1]:80",permitopen="*:*",permitlisten="8080"',
    'tunnel="any",no-touch-required',
]
REFUSED_BY_BOTH = [
    "no-ptty",
    "no-restrict",
    'pty="yes"',
    "command=id",
    'command="id',
    'command="id"x',
    'from="*",from="*"',
    'from="192.0.2.1/24,*"',
    'expiry-time="2099-12-31"',
    'environment="A-B=c"',
    'permitopen="8080"',
    'permitlisten="host:"',
    'tunnel="all"',
    'principals="x"',
]
TAKEN_AND_IN_FORCE = ['from="192.0.2.7"', 'expiry-time="20200101"']


@pytest.fixture
def second(laptop, new_user):
    """An account whose second key nobody has given yet: (the account, a client with that key, the key's line)."""
    user = new_user()
    key = laptop.directory / "options.key"
    for file in laptop.directory.glob("options.key*"):
        file.unlink()
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "second", "-f", key]).ok()
    client = Client(laptop, user.user)
    client.options = [word.replace(str(user.key), str(key)) for word in client.options]
    return user, client, key.with_suffix(".key.pub").read_text()


def give(server, user, line):
    return server.labgpu("key", "add", user.user, "-", stdin=b"# keys\n" + line.encode())


def test_options_that_sshd_understands_are_kept(server, second):
    user, client, key = second
    for options in TAKEN_BY_BOTH:
        give(server, user, f"{options} {key}").ok()
        assert f"{options} {key}".encode() in server.read(f"/var/lib/labgpu/keys/{user.user}")
        assert client.ssh("hostname").ok().text == f"{user.user}-VM", options
    for options in TAKEN_AND_IN_FORCE:
        give(server, user, f"{options} {key}").ok()
        assert "Permission denied" in client.ssh("true").failed().error, options
    give(server, user, f'command="echo forced" {key}').ok()
    assert client.ssh("hostname").ok().text == "forced"


def test_options_that_sshd_passes_over_are_refused(server, second):
    user, client, key = second
    user.ssh("mkdir -m 700 ~/.ssh").ok()
    for options in REFUSED_BY_BOTH:
        refused = give(server, user, f"{options} {key}").failed()
        assert refused.error.startswith("labgpu: the standard input line 2: the key has "), refused
        user.ssh("cat >~/.ssh/authorized_keys", stdin=f"{options} {key}".encode()).ok()
        assert "Permission denied" in client.ssh("true").failed().error, options
    user.ssh("cat >~/.ssh/authorized_keys", stdin=key.encode()).ok()
    client.ssh("true").ok()


def test_a_certificate_of_an_authority_logs_in(server, laptop, second):
    user, client, _ = second
    authority = laptop.directory / "options.key-authority"
    run(["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", authority]).ok()
    signed = laptop.directory / "options.key.pub"
    run(["ssh-keygen", "-q", "-s", authority, "-I", "id", "-n", "students", signed]).ok()
    certificate = laptop.directory / "options.key-cert.pub"
    assert "is a certificate" in give(server, user, certificate.read_text()).failed().error
    line = authority.with_name(authority.name + ".pub").read_text()
    assert "Permission denied" in client.ssh("true").failed().error
    give(server, user, f'cert-authority,principals="teachers" {line}').ok()
    assert "Permission denied" in client.ssh("true").failed().error
    give(server, user, f'cert-authority,principals="staff,students" {line}').ok()
    assert client.ssh("hostname").ok().text == f"{user.user}-VM"


def test_a_line_of_a_file_is_named(server, laptop):
    good = Client(laptop, "good").public_key
    server.write("/var/tmp/keys.pub", f"# three\n{good}\nssh-rsa AAAA\n".encode())
    refused = server.labgpu("user", "add", "keyless", "--key", "/var/tmp/keys.pub").failed()
    assert refused.error.startswith("labgpu: /var/tmp/keys.pub line 4: the key is not whole"), refused
    assert server.try_sh("getent passwd keyless").status == 2
    assert server.try_sh("test -e /home/keyless").status == 1
