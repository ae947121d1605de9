# Who and where a command is: alice, in alice's container and nowhere else.
import pytest

HOST_SIDE_PROGRAMS = ("/usr/sbin/sshd", "/usr/lib/openssh/sshd-session", "/usr/libexec/labgpu/labgpu-session")


@pytest.fixture(scope="module")
def sleeping(server, alice):
    """A command of alice's that runs during the tests; yields its process on the host."""
    with alice.background("echo ready; exec sleep 54321.5") as command:
        command.expect(b"ready")
        pid = server.sh("pgrep -fx 'sleep 54321.5'").text
        yield int(pid)
    server.sh(f"kill {pid}")


def test_hostname_is_the_containers(alice):
    assert alice.ssh("hostname").ok().text == "alice-VM"


def test_id_is_alice(alice):
    assert alice.ssh("id -un; id -gn").ok().text.split() == ["alice", "alice"]


def test_ids_are_the_same_inside_and_outside(server, alice):
    inside = alice.ssh("id -u; id -g").ok().text
    assert inside == server.sh("id -u alice; id -g alice").text
    assert int(inside.split()[0]) >= 1000, "a system account's number"


def test_home_is_alices_and_is_mounted(server, alice):
    assert alice.ssh("pwd; echo $HOME; echo here > ~/note").ok().text.split() == ["/home/alice", "/home/alice"]
    assert server.read("/home/alice/note") == b"here\n"
    assert server.sh("stat -c '%U %G' /home/alice/note").text == "alice alice"


def test_sudo_makes_root(alice):
    assert alice.ssh("sudo -n id -u").ok().text == "0"


def test_login_shell_reads_the_profile_and_has_the_usual_environment(alice):
    script = b'shopt -q login_shell && echo login; echo "$USER $LOGNAME $SHELL $HOME"; type sudo ls\n'
    answer = alice.ssh(stdin=script).ok().text
    assert "\nlogin\nalice alice /bin/bash /home/alice\n" in answer, answer  # after the message of the day


def test_ssh_variables_reach_the_command(alice):
    assert len(alice.ssh("echo $SSH_CONNECTION").ok().text.split()) == 4


def test_login_as_root_when_the_account_says_so(server, new_user):
    user = new_user()
    server.labgpu("user", "set", user.user, "login=root").ok()
    assert user.ssh("id -u; hostname").ok().text.split() == ["0", f"{user.user}-VM"]


def test_command_runs_in_the_containers_cgroup(server, alice, sleeping):
    command = server.read(f"/proc/{sleeping}/cgroup").decode()
    container = server.read(f"/proc/{server.init_pid('alice')}/cgroup").decode()
    assert command == container
    assert server.containers_of("alice")[0] in command


@pytest.mark.parametrize("namespace", ["mnt", "pid", "net", "uts", "ipc"])
def test_command_runs_in_the_containers_namespaces(server, alice, sleeping, namespace):
    init = server.init_pid("alice")
    mine, containers, hosts = server.sh(
        f"for p in {sleeping} {init} 1; do readlink /proc/$p/ns/{namespace}; done"
    ).text.split()
    assert mine == containers
    assert mine != hosts


def test_no_process_of_alice_runs_outside_but_sshds_and_the_session_command(server, alice, sleeping):
    processes = server.sh("for p in $(pgrep -u alice); do echo $p $(readlink /proc/$p/exe); done").text
    container = server.read(f"/proc/{server.init_pid('alice')}/cgroup")
    seen = {}
    for line in processes.splitlines():
        pid, _, program = line.partition(" ")
        inside = server.try_sh(f"cat /proc/{pid}/cgroup").out == container
        seen[int(pid)] = inside
        assert inside or program in HOST_SIDE_PROGRAMS, f"process {pid} ({program}) runs on the host:\n{processes}"
    assert seen.get(sleeping), f"the command itself was not among them:\n{processes}"


def test_command_has_the_rights_docker_gave_the_container(server, alice, sleeping):
    fields = "grep -E '^(CapBnd|Seccomp|NoNewPrivs):' /proc/{}/status"
    assert server.sh(fields.format(sleeping)).text == server.sh(fields.format(server.init_pid("alice"))).text
