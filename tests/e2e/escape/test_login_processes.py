# The processes of a login on the host, sshd's child and the session command, as root in the container tries to reach
# them; and what they would be worth to somebody who had taken one over.
import pytest

from attempts import SECRET_FILE, trick
from processes import wait_until

pytestmark = pytest.mark.thorough


@pytest.fixture
def login(server, mallory):
    """A login of hers: the processes on the host, the session command first."""
    with mallory.background("echo in; cat") as process:
        process.expect(b"in")
        session = mallory.session_pid()
        child = int(server.sh(f"ps -o ppid= -p {session}").text)
        assert server.sh(f"ps -o user= -p {child}").text == "mallory"
        yield session, child
        process.send(b"on\n")
        process.expect(b"on")


def test_they_are_not_seen_in_the_container(server, mallory, login):
    inside = mallory.root("ps -eo comm=").ok().text.split()
    assert not {"sshd", "sshd-session", "labgpu-session", "systemd", "dockerd"} & set(inside), inside
    assert {"labgpu-session", "systemd"} <= set(server.sh("ps -eo comm=").text.split())


@pytest.mark.parametrize("name", ["STOP", "KILL", "TERM", "SEGV"])
def test_signals_to_everybody(server, mallory, carol, fresh_container, name):
    """`kill -1` reaches whoever one may signal, and on the host's terms root in the container is root."""
    with mallory.background("echo in; exec sleep 300") as victim:
        victim.expect(b"in")
        hosts = server.sh("pgrep -x 'sshd|sshd-session|labgpu-session|labgpud|dockerd'").text.split()
        with mallory.background(f"sudo -n sh -c 'kill -{name} -1'"):
            reached = "ps -eo stat=,args= | grep -q '^T.*[s]leep 300'" if name == "STOP" else "! pgrep -xf 'sleep 300'"
            wait_until(lambda: server.try_sh(reached).status == 0, 10, "the signal's way to her own processes")
            states = server.sh(f"ps -o stat= -p {','.join(hosts)}; true").text.split()
            assert states and not [state for state in states if state.startswith("T")], states
            for unit in ("ssh", "labgpud", "docker"):
                assert server.sh(f"systemctl is-active {unit}").text == "active"
            assert carol.ssh("true").ok().seconds < 5


def test_signals_and_ptrace_by_their_numbers(mallory, login):
    """Their numbers on the host mean other processes in the container, or none."""
    for pid in login:
        name = mallory.root(f"cat /proc/{pid}/comm").text
        assert not name.startswith(("sshd", "labgpu")), name
        if name == "":
            for attempt in (f"kill -0 {pid}", f"ls /proc/{pid}/root/", f"ls /proc/{pid}/fd", f"strace -p {pid}"):
                mallory.root(attempt).failed()


def test_what_a_command_is_given_leads_nowhere(mallory):
    """Pipes for 0, 1 and 2 and nothing else; with a terminal, one of the container's."""
    listing = "for fd in /proc/$$/fd/*; do echo ${fd##*/} $(readlink $fd); done"
    lines = mallory.ssh(f"exec sh -c '{listing}'").ok().text.splitlines()
    kinds = {number: name.split(":")[0] for number, name in map(str.split, lines)}
    assert {number: kind for number, kind in kinds.items() if int(number) < 3} == dict.fromkeys("012", "pipe"), kinds
    assert all(kind.startswith(("pipe", "/dev/pts", "/dev/null")) for kind in kinds.values()), kinds
    with_terminal = mallory.ssh("tty; ls /dev/pts; readlink /proc/1/fd/* | sort -u", "-tt").ok().text
    assert "/dev/pts/0" in with_terminal, with_terminal


def test_no_process_of_the_container_holds_a_directory_of_the_hosts(mallory, login):
    links = "/proc/[0-9]*/fd/* /proc/[0-9]*/cwd /proc/[0-9]*/root"
    found = mallory.root(f"for link in {links}; do [ -d $link/ ] && readlink $link; done | sort -u").text.splitlines()
    assert {"/", "/home/mallory"} >= {name for name in found if not name.startswith("/proc")}, found
    assert mallory.root(f"for link in {links}; do cat $link/../../../../..{SECRET_FILE}; done").out == b""


# --- somebody who had taken over the session command: the same uid, view and namespaces, and any program of the host


@pytest.fixture
def taken_over(server, login):
    """Runs a script of the host in the place of her session command; not with /bin/sh, which is the session command."""
    session, _ = login
    become = f"nsenter -t {session} -m -n -u setpriv --reuid mallory --regid mallory --init-groups --no-new-privs"

    def attempt(script, timeout=60):
        return server.testhost("exec", server.name, *become.split(), "bash", "-c", script, timeout=timeout)

    return attempt


def test_the_place_of_the_session_command_has_no_sockets_of_the_hosts(server, taken_over):
    found = taken_over("id -un; hostname; find /run | sort").ok().text.split()
    assert found[:2] == ["mallory", "mallory-VM"]
    files = set(found[2:]) - {"/run", "/run/labgpu", "/run/labgpu/session", "/run/systemd", "/run/systemd/journal"}
    allowed = {"/run/labgpu/session/socket", "/run/systemd/journal/dev-log"}
    assert allowed <= files, "nothing was looked at"
    assert not [name for name in files - allowed if "resolve" not in name and "resolvconf" not in name], files
    others = ("/run/docker.sock", "/run/labgpu/org.labgpu", "/run/dbus/system_bus_socket")
    answering = taken_over(trick("sockets", *others, *allowed)).text
    assert sorted(line.split()[0] for line in answering.splitlines()) == sorted(allowed)


@pytest.mark.parametrize("folder", ["/var/tmp", "/dev/shm", "/var/lib/labgpu/containers", "/var/lib/docker"])
def test_the_place_of_the_session_command_shows_nothing_of_others(server, taken_over, folder):
    assert server.sh(f"mkdir -p {folder}; touch {folder}/e2e-file; ls -A {folder}").text != ""
    assert taken_over(f"ls -A {folder}").ok().text == ""
    assert "Read-only" in taken_over(f"touch {folder}/mine").failed().error
    server.sh(f"rm {folder}/e2e-file")


def test_the_place_of_the_session_command_gives_no_rights(server, taken_over, login):
    _, child = login
    for attempt in ("su -c id", "sudo -n id", "mount -t tmpfs none /mnt", "cat /etc/shadow", "ls /root"):
        taken_over(attempt).failed()
    assert "CapEff:\t0000000000000000" in taken_over("cat /proc/self/status").ok().text
    # The process next to it is sshd's, which nobody of its uid may look into (prctl(2), PR_SET_DUMPABLE).
    for attempt in (f"ls /proc/{child}/root/", f"ls -l /proc/{child}/fd", f"cat /proc/{child}/environ"):
        taken_over(attempt).failed()


def test_the_place_of_the_session_command_does_not_lead_back(taken_over):
    """Into the host's network, or to what is below the view's mounts."""
    for attempt in ("nsenter -t 1 -n true", "nsenter -t 1 -m true", "umount /run", "umount -l /tmp", "unshare -m true"):
        taken_over(attempt).failed()
    # A user namespace of its own has the view's mounts, all locked together (mount_namespaces(7)).
    assert taken_over("unshare -Urm bash -c 'umount /run || umount -l /var/tmp || umount -l /tmp'").status != 0
