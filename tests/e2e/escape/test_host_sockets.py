# Unix sockets of the host and of other people: neither through ssh nor from within the container is one reached.
import contextlib
import re
import socket

import pytest

from agent import agent_with_key
from attempts import trick
from client import free_port, talk
from processes import wait_until

pytestmark = pytest.mark.thorough
BUS = "/run/dbus/system_bus_socket"
SESSION_SOCKET = "/run/labgpu/session/socket"
AUTH = b"\0AUTH EXTERNAL\r\nBOGUS\r\n"


def through(client, path, data=AUTH):
    """What comes first from that socket by `ssh -L`, after DATA; nothing when it cannot be reached."""
    port = free_port()
    with client.forwarding("-L", f"127.0.0.1:{port}:{path}"), contextlib.suppress(ConnectionError):
        with socket.create_connection(("127.0.0.1", port), 10) as connection:
            connection.sendall(data)
            return connection.recv(5)
    return b""


def names(person):
    """The names of sockets that a person's /proc/net/unix shows, without those that the kernel makes up (unix(7))."""
    lines = person.ssh("cat /proc/net/unix").ok().text.splitlines()[1:]
    found = {words[7] for words in (line.split() for line in lines) if len(words) > 7}
    return {name for name in found if not re.fullmatch("@[0-9a-f]{5}", name)}


# --- through ssh

SPELLINGS = [
    "/run/../run/dbus/system_bus_socket",
    "//run//dbus//system_bus_socket",
    "/proc/1/root/run/dbus/system_bus_socket",
    "/proc/self/root/run/dbus/system_bus_socket",
    "/proc/self/cwd/../../run/dbus/system_bus_socket",
    "/dev/../run/dbus/system_bus_socket",
    "../../run/dbus/system_bus_socket",
]


@pytest.mark.parametrize("path", SPELLINGS)
def test_another_way_to_the_hosts_bus(mallory, carol, path):
    assert through(mallory, path) == b""
    assert through(carol, BUS) != b"", "the bus answers nobody"


LINKED = [BUS, "/run/docker.sock", "/run/labgpu/org.labgpu", "/dev/log", "/run/systemd/journal/dev-log"]


@pytest.mark.parametrize("path", LINKED)
def test_a_link_in_the_home_or_in_tmp_to_a_socket_of_the_host(mallory, carol, path):
    mallory.ssh(f"ln -sf {path} ~/link.sock; ln -sf {path} /tmp/link.sock").ok()
    carol.ssh(f"ln -sf {BUS} ~/link.sock").ok()
    for link in ("/home/mallory/link.sock", "/tmp/link.sock"):
        assert through(mallory, link) == b""
    assert through(carol, "/home/carol/link.sock") != b""
    mallory.ssh("rm ~/link.sock /tmp/link.sock").ok()
    carol.ssh("rm ~/link.sock").ok()


def test_the_root_directories_of_all_processes_of_hers_that_the_host_shows(server, mallory):
    """sshd's child sees the host's /proc, and in it processes with her uid."""
    with mallory.background("echo in; cat") as login:
        login.expect(b"in")
        processes = server.sh("pgrep -u mallory").text.split()
        assert len(processes) >= 3, "her sshd, her session command and her cat"
        ports = [free_port() for _ in processes]
        targets = [f"127.0.0.1:{port}:/proc/{pid}/root{BUS}" for port, pid in zip(ports, processes)]
        with mallory.forwarding(*(word for target in targets for word in ("-L", target))):
            assert [talk(port, AUTH) for port in ports] == [b""] * len(ports)


@contextlib.contextmanager
def lent_agent(person):
    """That person is logged in with an agent; yields the socket's name there."""
    with agent_with_key(person) as options, person.background("echo $SSH_AUTH_SOCK; cat", *options) as login:
        login.expect(b"\n")
        yield login.out.decode().strip()


def test_the_agent_of_a_host_account(server, mallory, carol, root):
    list_keys = b"\0\0\0\x01\x0b"
    with lent_agent(carol) as path:
        server.sh(f"test -S {path}")
        assert through(mallory, path, list_keys) == b""
        assert mallory.root(trick("sockets", path)).text == ""
        assert through(root, path, list_keys)[4:] == b"\x0c", "the agent answers nobody"


def test_the_agent_of_another_container(server, mallory, bob):
    with lent_agent(bob) as path:
        on_host = f"/var/lib/labgpu/containers/bob{path}"
        server.sh(f"test -S {on_host}")
        for name in (path, on_host):
            assert through(mallory, name, b"\0\0\0\x01\x0b") == b""
            assert mallory.root(trick("sockets", name)).text == ""
        assert on_host in server.sh(trick("sockets", on_host)).text, "the agent answers nobody"


def test_the_displays_of_others(mallory, bob, carol):
    """Forwarded displays listen on a loopback each."""
    shown = {}
    with contextlib.ExitStack() as logins:
        for person in (bob, carol):
            windows = person.with_environment({"DISPLAY": ":9"})
            login = logins.enter_context(windows.background("echo $DISPLAY; cat", "-Y"))
            login.expect(b".0\n")
            shown[person] = 6000 + int(login.out.decode().split(":")[1].split(".")[0])
        for port in set(shown.values()):
            assert mallory.ssh(trick("reach", "127.0.0.1", port)).out == b""
            forwarded = free_port()
            with mallory.forwarding("-L", f"127.0.0.1:{forwarded}:127.0.0.1:{port}") as process:
                assert talk(forwarded, b"l\0\x0b\0\0\0\0\0\0\0\0\0") == b""
                wait_until(lambda: process.poll() or b"open failed" in process.err, 10, "the refusal")


# --- from within the container


def test_no_socket_that_root_in_the_container_finds_is_the_hosts(server, mallory):
    """Who listens outside of the container's processes has the number 0 there (pid_namespaces(7))."""
    found = mallory.root(trick("sockets"), timeout=60).ok().text.splitlines()
    assert "/.labgpu/run/init.sock 1 0" in found, "it does not even find its own init"
    assert [line for line in found if line.split()[-2] == "0"] == []
    on_host = server.sh(trick("sockets", BUS, "/run/docker.sock", "/run/labgpu/org.labgpu", SESSION_SOCKET)).text
    assert len(on_host.splitlines()) == 4, on_host


def test_the_helpers_sockets_and_dockers_are_not_in_the_container(mallory):
    names = "-name docker.sock -o -name org.labgpu -o -path '*labgpu/session*'"
    seen = mallory.root(f"find / -xdev {names}; cat /proc/self/mountinfo")
    assert "docker.sock" not in seen.ok().text and "/run/labgpu" not in seen.text and "session/socket" not in seen.text


def test_the_hosts_list_of_sockets_is_not_the_containers(mallory, carol):
    hosts = names(carol)
    assert BUS in hosts and SESSION_SOCKET in hosts
    assert names(mallory) & hosts == set()


def test_an_abstract_socket_of_the_host(server, mallory, carol):
    unit = "e2e-abstract"
    server.sh(f"systemd-run -q --unit={unit} socat ABSTRACT-LISTEN:e2e-abstract,fork SYSTEM:true")
    try:
        wait_until(lambda: carol.ssh(trick("sockets", "@e2e-abstract")).text, 10, "the socket")
        assert mallory.root(trick("sockets", "@e2e-abstract")).ok().text == ""
        assert "e2e-abstract" not in mallory.root("cat /proc/net/unix").ok().text
    finally:
        server.sh(f"systemctl stop {unit}")


def test_an_abstract_socket_that_sshds_child_would_meet(server, mallory):
    """In the container's network she takes the names that host programs look for; sshd's child asks nobody there."""
    taken = ["/run/systemd/journal/stdout", "/tmp/.X11-unix/X0", "/org/freedesktop/systemd1/notify", "/run/nscd/socket"]
    with mallory.background(trick("squat", *taken)) as squatter:
        squatter.expect(b"up\n")
        with agent_with_key(mallory) as options:
            mallory.with_environment({"DISPLAY": ":9"}).ssh("true", "-Y", *options).ok()
        mallory.ssh("true", "-tt").ok()
        squatter.poll()
        assert squatter.out == b"up\n", f"somebody came: {squatter.out}"
