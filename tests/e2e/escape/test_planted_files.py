# Links, pipes and devices in the home, in .ssh and in /tmp, which sshd and the session command meet on the host.
import pytest

from agent import agent_with_key
from attempts import SECRET_FILE
from client import Client

pytestmark = pytest.mark.thorough
FOLDER = "/home/mallory/.ssh"


@pytest.fixture
def clean_home(mallory):
    """~/.ssh as it was: none."""
    mallory.ssh("rm -rf ~/.ssh ~/planted").ok()
    yield
    mallory.root("rm -rf /home/mallory/.ssh /home/mallory/planted; chmod 700 /home/mallory").ok()


@pytest.fixture
def agent_options(mallory):
    """ssh's options that lend an agent."""
    with agent_with_key(mallory) as options:
        yield options


# --- authorized_keys: read by sshd, and by the session command for a key's command=

KEY_FILES = {
    "a link to a secret of the host's": "ln -s /etc/shadow authorized_keys",
    "a link to what every account may read": f"ln -s {SECRET_FILE} authorized_keys",
    "a link to root's keys": "ln -s /root/.ssh/authorized_keys authorized_keys",
    "a link to itself": "ln -s authorized_keys authorized_keys",
    "a link to memory": "ln -s /proc/self/mem authorized_keys",
    "a link to the environment of sshd": "ln -s /proc/self/environ authorized_keys",
    "a link to a terminal": "ln -s /dev/tty authorized_keys",
    "a link to what never ends": "ln -s /dev/zero authorized_keys",
    "a pipe": "mkfifo authorized_keys",
    "a device": "mknod authorized_keys c 1 5",
    "a directory": "mkdir authorized_keys",
    "no newline and no end": "head -c 3000000 /dev/zero >authorized_keys",
}
# What the session command cannot read as a file it says, and runs nothing: the key might be bound to a command.
UNREADABLE = "cannot read ~/.ssh/authorized_keys"


@pytest.mark.parametrize("what", KEY_FILES)
def test_something_else_in_place_of_the_keys(mallory, carol, secret, clean_home, nobody_else_is_hurt, what):
    plant = f"install -d -o mallory -g mallory -m 700 {FOLDER} && cd {FOLDER} && {KEY_FILES[what]}"
    mallory.root(f"{plant} && chown -h mallory:mallory {FOLDER}/*").ok()
    result = mallory.ssh("hostname; rm -rf ~/.ssh", timeout=20)
    if result.status == 0:
        assert result.text == "mallory-VM"
    else:
        assert UNREADABLE in result.error and len(result.error.splitlines()) == 1, result
        mallory.server.sh(f"rm -rf {FOLDER}")
    assert secret not in result.error + result.text and "root:" not in result.error


def test_a_link_in_place_of_the_folder_of_keys(server, mallory, carol, clean_home):
    """Keys in somebody else's folder count for nobody: sshd wants all that leads to them to be root's or her own."""
    other = Client(mallory.laptop, "other")
    server.write("/srv/e2e-keys/authorized_keys", other.public_key.encode(), owner="carol", mode="644")
    server.sh("chmod 755 /srv/e2e-keys; chown carol /srv/e2e-keys")
    mallory.ssh("ln -s /srv/e2e-keys ~/.ssh").ok()
    client = Client(mallory.laptop, "mallory")
    client.options = [word.replace(str(mallory.key), str(other.key)) for word in mallory.options]
    assert "Permission denied" in client.ssh("hostname").failed().error
    server.sh("chown -R root /srv/e2e-keys")
    assert client.ssh("hostname").ok().text == "mallory-VM", "with root's own file it is a key like any other"
    server.sh("rm -r /srv/e2e-keys")


# --- hard links and devices

HOST_FILES = ["/etc/hosts", "/etc/resolv.conf", "/.labgpu/bin/labgpu-init"]


@pytest.mark.parametrize("file", HOST_FILES)
def test_a_hard_link_to_a_file_of_the_hosts(server, mallory, clean_home, file):
    """Files of the host that Docker and labgpu show: a link at home would be one for ever, with its rights."""
    for folder in ("/home/mallory", "/tmp", "/.labgpu/run"):
        result = mallory.root(f"ln {file} {folder}/planted").failed()
        assert "cross-device" in result.error, result
    mallory.root("touch /tmp/mine && ln /tmp/mine /tmp/planted && rm /tmp/mine /tmp/planted").ok()


@pytest.mark.parametrize("file", HOST_FILES)
def test_a_file_of_the_hosts_is_replaced_or_taken_away(server, mallory, file):
    for attempt in ("rm -f {0}", "mv {0} {0}.old", "ln -sf /etc/shadow {0}", "umount {0}", "umount $(dirname {0})"):
        mallory.root(attempt.format(file)).failed()
    assert mallory.ssh(f"test -f {file} && test ! -L {file}").status == 0


def test_names_in_the_containers_hosts_file_lead_nowhere_else(server, mallory, carol):
    """sshd's child on the host reads it. It may say what it likes: the addresses are the container's."""
    mallory.root("echo 127.0.0.1 gpu-admin.example >>/etc/hosts; head -c 2000000 /dev/urandom >>/etc/hosts").ok()
    result = mallory.ssh(None, "-W", "gpu-admin.example:22")
    assert b"SSH-2.0" not in result.out, result
    assert b"SSH-2.0" in carol.ssh(None, "-W", "127.0.0.1:22").out
    server.sh("docker restart -t 1 mallory_container", timeout=120)  # Docker writes the file anew
    assert mallory.ssh("stat -c %s /etc/hosts").ok().text != "0"


# --- what a login makes at home and in /tmp


AGENT_PLACES = {
    "a link to a host file": "ln -s /etc/e2e-secret .ssh/agent.sock",
    "a link to the helper's state": "ln -s /var/lib/labgpu/users/mallory.json .ssh/agent.sock",
    "a link in place of the folder": "rmdir .ssh && ln -s /etc .ssh",
    "a pipe": "mkfifo .ssh/agent.sock",
    "a directory": "mkdir .ssh/agent.sock",
}


@pytest.mark.parametrize("what", AGENT_PLACES)
def test_the_link_to_the_agent_is_made_in_the_container(server, mallory, secret, clean_home, agent_options, what):
    before = (server.state(), server.login_files(), server.sh("ls -la /etc | sha256sum").text)
    mallory.ssh(f"mkdir -m 700 .ssh; {AGENT_PLACES[what]}").ok()
    assert mallory.ssh("ssh-add -l", *agent_options).ok().text.count("ED25519") == 1, "no agent was lent"
    mallory.ssh("true", "-tt", *agent_options).ok()
    assert (server.state(), server.login_files(), server.sh("ls -la /etc | sha256sum").text) == before
    assert server.read(SECRET_FILE).decode() == secret


@pytest.mark.parametrize("target", ["/home/carol", "/run/labgpu/session", "/var/tmp", "/dev/shm", "/etc"])
def test_the_agents_folder_in_tmp_is_swapped_for_a_link(server, mallory, agent_options, target):
    """sshd's child makes /tmp/ssh-XXXX on the host, in the container's /tmp, where root in there is quick."""
    swap = f"""import os, sys, time
end = time.time() + 60
print("swapping", flush=True)
while time.time() < end:
    for name in os.listdir("/tmp"):
        if name.startswith("ssh-") and not os.path.islink("/tmp/" + name):
            os.rename("/tmp/" + name, "/tmp/old-" + name)
            os.symlink("{target}", "/tmp/" + name)"""
    server.sh("touch /var/tmp/e2e-stamp")
    with mallory.background(f"echo $$; exec sudo -n python3 -c '{swap}'") as loop:
        loop.expect(b"swapping")
        for _ in range(6):
            mallory.ssh("true", *agent_options)
        swapped = mallory.ssh("ls -d /tmp/old-ssh-* | wc -l").ok().text
    mallory.root("pkill -f '[s]wapping'; sleep 0.2; rm -rf /tmp/ssh-* /tmp/old-ssh-*")
    made = server.sh(
        "find / -path /proc -prune -o -newer /var/tmp/e2e-stamp -user mallory -type s -print"
        " | grep -v -e ^/home/mallory/ -e ^/var/lib/labgpu/containers/mallory/ -e ^/var/lib/docker/ || true"
    ).text
    assert made == "", f"sockets of hers on the host: {made}"
    assert int(swapped) > 0, "nothing was swapped"


def test_a_key_of_the_administrators_cannot_be_read_from_within(server, mallory, bob):
    """The folders of labgpu's own on the host."""
    for path in ("/var/lib/labgpu/keys/bob", "/var/lib/labgpu/users/bob.json", "/var/lib/labgpu/nss/shadow.cdb"):
        server.sh(f"test -s {path}")
        assert mallory.root(f"cat {path}").failed().out == b""
