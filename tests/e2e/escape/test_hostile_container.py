# A container whose own files are made to mislead: its accounts, shells, start files and labgpu's programs in it.
import pytest

from server import HOME_MARKER, MARKER

pytestmark = [pytest.mark.thorough, pytest.mark.usefixtures("no_marker", "fresh_container", "nobody_else_is_hurt")]
MARK = f"[ -e /.labgpu ] || touch {MARKER} ~/{HOME_MARKER}"
FORGET = "sed -i /^mallory:/d /etc/passwd"


def account(shell, home="/home/mallory"):
    """Writes her line in passwd anew."""
    line = f"mallory:x:$(id -u mallory):$(id -g mallory)::{home}:{shell}"
    return f"line={line}; {FORGET}; echo $line >>/etc/passwd"


# What root in the container does -> what the next `ssh mallory hostname` says, or a part of why there is none.
BROKEN = {
    "no passwd": ("rm /etc/passwd", "mallory-VM"),
    "passwd is a pipe": ("rm /etc/passwd; mkfifo /etc/passwd", "cannot set up the account"),
    "passwd never ends": ("ln -sf /dev/zero /etc/passwd", "cannot set up the account"),
    "passwd is a link to init's memory": ("ln -sf /proc/1/mem /etc/passwd", "cannot set up the account"),
    "passwd is a directory": ("rm /etc/passwd; mkdir /etc/passwd", "cannot set up the account"),
    "passwd is large": ("yes | head -c 9000000 >>/etc/passwd", "cannot set up the account"),
    "passwd is locked for ever": (
        f"{FORGET}; setsid -f python3 -c 'import fcntl, time; f = open(\"/etc/.pwd.lock\", \"w\");"
        " fcntl.lockf(f, fcntl.LOCK_EX); time.sleep(60)' >/dev/null 2>&1; sleep 0.5",
        "another program is editing it",
    ),
    "group is a pipe": ("rm /etc/group; mkfifo /etc/group", "cannot set up the account"),
    "she is root there": (f"{FORGET}; echo mallory:x:0:0::/root:/bin/bash >>/etc/passwd", "mallory-VM"),
    "the shell is missing": (account("/no/such"), "/no/such: No such file"),
    "the shell is a directory": (account("/etc"), "/etc: Permission denied"),
    "the shell is a pipe": (f"mkfifo -m 777 /pipe; {account('/pipe')}", "/pipe: Permission denied"),
    "the shell is a path out": (account("/proc/1/root/../../bin/bash"), "Permission denied"),
    "the shell says it is one": (
        f"printf '#!/bin/sh\n{MARK}; hostname\n' >/shell; chmod 755 /shell; {account('/shell')}",
        "mallory-VM",
    ),
    "the home is a link": (f"ln -s / /elsewhere; {account('/bin/bash', '/elsewhere')}", "mallory-VM"),
    "profile, environment and bashrc": (
        f"echo '{MARK}' | tee -a /etc/profile /etc/bash.bashrc /etc/zsh/zshenv >/dev/null;"
        " printf 'LD_PRELOAD=/home/mallory/x\\nPATH=/home/mallory\\nBASH_ENV=/etc/profile\\n' >>/etc/environment",
        "mallory-VM",
    ),
    "the name service is away": ("ln -sf /dev/null /etc/nsswitch.conf; rm -f /lib/*/libnss_*", "mallory-VM"),
    "PAM is hers": (f"echo 'auth required pam_exec.so /bin/touch {MARKER}' >/etc/pam.d/common-auth", "mallory-VM"),
    "no programs at all": ("rm -rf /usr/bin", "No such file"),
    "no file can be opened": ("ulimit -n 3; rm -rf /dev/null; ln -s /no/such /dev/null", "mallory-VM"),
    "labgpu's folder is moved": ("mv /.labgpu /.old", "mallory-VM"),
    "greetings that drive the terminal": ("printf '\\033[2J\\033]0;owned\\007' >/etc/motd", "mallory-VM"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_files_of_the_container(mallory, what):
    script, words = BROKEN[what]
    mallory.root(script)
    result = mallory.ssh("hostname", timeout=40)
    assert words in result.text + result.error, result
    assert "VM" in words or result.status != 0
    terminal = mallory.ssh("hostname", "-tt", timeout=40)
    assert mallory.server.name not in result.text + terminal.text


# --- labgpu's programs in the container

BINARY = "/.labgpu/bin/labgpu-init"
OVERWRITING = {
    "writing": f"echo x >{BINARY}",
    "writing through PID 1": "echo x >/proc/1/exe",
    "removing": f"rm -f {BINARY}",
    "another one in its place": f"cp /bin/true /.labgpu/bin/new && mv /.labgpu/bin/new {BINARY}",
    "another right": f"chmod 777 {BINARY}",
    "a folder beside it": "mkdir /.labgpu/bin/evil",
    "mounting it for writing": "mount -o remount,rw,bind /.labgpu/bin",
    "mounting over it": f"mount --bind /bin/true {BINARY}",
    "unmounting it": "umount -l /.labgpu/bin",
    "a namespace of her own": f"unshare -m sh -c 'mount -o remount,rw,bind /.labgpu/bin && echo x >{BINARY}'",
    "a user namespace of her own": "unshare -Urm sh -c 'mount -o remount,rw,bind /.labgpu/bin && touch /.labgpu/bin/x'",
    "its file system's device": "mknod /disk b $(stat -c '%Hd %Ld' /.labgpu/bin) && head -c 1 /disk",
    "its time": f"touch {BINARY}",
}


@pytest.mark.parametrize("what", OVERWRITING)
def test_the_hosts_programs_in_the_container_stay_as_they_are(server, mallory, what):
    guest = "/usr/libexec/labgpu/guest"
    state = f"ls -laR --time-style=full-iso {guest}; sha256sum {guest}/labgpu-init"
    before = server.sh(state).text
    mallory.root(OVERWRITING[what]).failed()
    assert server.sh(state).text == before
    assert mallory.ssh("hostname").ok().text == "mallory-VM"


def test_pid_1_is_not_killed_from_within(server, mallory):
    pid = server.init_pid("mallory")
    for number in ("KILL", "STOP", "SEGV", "ABRT", "USR1", "HUP"):
        mallory.root(f"kill -{number} 1").ok()
    assert mallory.ssh("hostname").ok().text == "mallory-VM"
    assert server.init_pid("mallory") == pid


def test_a_container_that_stops_itself_during_logins(server, mallory, journal):
    """SIGTERM is what Docker asks init to stop with; root in there may, and only her own logins end."""
    with mallory.background("echo in; cat") as login:
        login.expect(b"in")
        mallory.root("kill -TERM 1")
        assert login.finish(30).status != 0
    assert mallory.ssh("hostname", timeout=60).ok().text == "mallory-VM"
