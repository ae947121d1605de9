# The helper may end at any time: sessions go on, and the next login finds it back.
import time

import pytest

from client import free_port, talk
from processes import wait_until
from test_forwarding import PERL_SERVER
from terminal import SHELL, Terminal

WAYS = {
    "restart": "systemctl restart labgpud.service",
    "kill": "systemctl kill -s KILL labgpud.service",
    "stop": "systemctl stop labgpud.service",  # its sockets stay, the next login starts it
}


@pytest.mark.parametrize("way", WAYS)
def test_sessions_go_on_and_new_logins_work(server, alice, way):
    port = free_port()
    inside = 7301 + list(WAYS).index(way)  # a listener outlives its connection, as with any sshd
    counting = "for i in $(seq 1 40); do echo line $i; sleep 0.1; done; exit 33"
    listener = PERL_SERVER.format(port=inside, greeting="still here")
    forward = f"127.0.0.1:{port}:127.0.0.1:{inside}"
    with (
        alice.background(counting) as command,
        alice.background(listener, "-L", forward) as forwarding,
        Terminal(alice, SHELL) as terminal,
    ):
        command.expect(b"line 3\n")
        forwarding.expect(b"up")
        terminal.prompt()
        before = server.helper_pid()
        server.sh(WAYS[way])
        assert alice.ssh("hostname").ok().text == "alice-VM"
        wait_until(lambda: server.helper_pid() not in (0, before), 10, "another process of the helper")
        assert terminal.ask("echo $((6 * 7))") == "42"
        assert talk(port) == b"still here\n"
        result = command.finish()
    assert result.status == 33
    assert result.text.splitlines() == [f"line {i}" for i in range(1, 41)]


def test_containers_run_on_and_are_known_again(server, alice):
    alice.ssh("true").ok()
    container, init = server.containers_of("alice"), server.init_pid("alice")
    server.sh("systemctl kill -s KILL labgpud.service")
    wait_until(lambda: server.labgpu("status", "alice").status == 0, 15, "the helper's answer")
    assert alice.ssh("hostname").ok().text == "alice-VM"
    assert (server.containers_of("alice"), server.init_pid("alice")) == (container, init)
    row = server.labgpu_json("status", "alice")["containers"][0]
    assert (row["state"], row["id"]) == ("running", container[0])


def test_ten_kills_in_a_row_do_not_end_socket_activation(server, alice):
    """systemd gives up on a unit that fails too often; a login right after must still find the helper."""
    for _ in range(10):
        server.sh("systemctl kill -s KILL labgpud.service; sleep 0.3")
    assert alice.ssh("hostname", timeout=60).ok().text == "alice-VM"
    assert server.sh("systemctl is-active labgpud.service").text == "active"


def test_docker_restart_keeps_the_way_in(server, alice, root):
    alice.ssh("true").ok()
    server.sh("systemctl restart docker.service", timeout=120)
    assert root.ssh("true").ok().seconds < 2
    assert alice.ssh("hostname", timeout=60).ok().text == "alice-VM"
    assert len(server.containers_of("alice")) == 1


def test_killed_connections_do_not_pile_up_in_the_helper(server, alice):
    def open_files():
        return int(server.sh(f"ls /proc/{server.helper_pid()}/fd | wc -l").text)

    alice.ssh("true").ok()
    time.sleep(1)
    before = open_files()
    for _ in range(6):
        with alice.background("echo ready; sleep 60") as command:
            command.expect(b"ready")
    wait_until(lambda: open_files() <= before + 1, 20, f"at most {before + 1} open files in the helper")
    alice.ssh("pkill -x sleep")
