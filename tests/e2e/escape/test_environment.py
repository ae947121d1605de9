# Environment variables that change what programs of the host load or read, on a server that accepts every variable.
import pytest

from client import Client
from processes import run
from server import HOME_MARKER, MARKER

pytestmark = pytest.mark.thorough
SSHD = "/etc/ssh/sshd_config.d/00-e2e.conf"
MARK = f"[ -e /.labgpu ] || touch {MARKER} ~/{HOME_MARKER}\n".encode()

# Variable -> (its value below ~/evil, what makes a program of carol's follow it).
CODE = {
    "LD_PRELOAD": ("run.so", "true"),
    "LD_AUDIT": ("run.so", "true"),
    "LD_LIBRARY_PATH": ("", "python3 -c 'import ctypes; ctypes.CDLL(\"libescape.so\")'"),
    "GCONV_PATH": ("", "iconv -f ESCAPE -t UTF-8 </dev/null"),
    "BASH_ENV": ("script", "env -u SSH_CLIENT bash -c true"),
    "ENV": ("script", "sh -ic true"),
    "ZDOTDIR": ("", "zsh -c true"),
    "PYTHONPATH": ("", "python3 -c pass"),
    "XDG_CONFIG_HOME": ("", "fish -c true"),
}
# These have values of their own, or name data; what a host program would do with them is not to run something.
DATA = {
    "LOCPATH": "evil",
    "NLSPATH": "evil/%N",
    "GLIBC_TUNABLES": "glibc.malloc.check=3",
    "MALLOC_TRACE": "evil/trace",
    "MALLOC_PERTURB_": "85",
    "HOSTALIASES": "evil/fifo",
    "RES_OPTIONS": "attempts:9",
    "LOCALDOMAIN": "evil.example",
    "TERMINFO": "evil",
    "TMPDIR": "evil",
    "SHELL": "evil/script",
    "IFS": "/",
    "SSH_AUTH_INFO_0": "evil",
    "LABGPU_USER": "bob",
}


@pytest.fixture(scope="module")
def evil(mallory, carol, library):
    """The same files in ~/evil of the attacker and of an ordinary account."""
    python = f"""import os
if not os.path.exists("/.labgpu"):
    open("{MARKER}", "w")
    open(os.path.expanduser("~/{HOME_MARKER}"), "w")
"""
    files = {
        "run.so": library,
        "libescape.so": library,
        "ESCAPE.so": library,
        "gconv-modules": b"module ESCAPE// INTERNAL ESCAPE 1\nmodule INTERNAL ESCAPE// ESCAPE 1\n",
        "script": MARK,
        ".zshenv": MARK,
        "sitecustomize.py": python.encode(),
        "fish/config.fish": MARK.replace(b"[ -e /.labgpu ] ||", b"test -e /.labgpu; or"),
    }
    for person in (mallory, carol):
        for name, content in files.items():
            person.ssh(f"mkdir -p evil/fish && cat >evil/{name} && chmod 755 evil/{name}", stdin=content).ok()
        person.ssh("mkfifo evil/fifo").ok()
    yield
    for person in (mallory, carol):
        person.ssh("rm -rf evil").ok()


@pytest.fixture(scope="module")
def accepting(server, evil):
    """The server takes every variable that a client sends."""
    with server.edited(f"sed -i '1i AcceptEnv *' {SSHD}", SSHD):
        yield


def sent(person, variable, value):
    """ssh's options that send it; "evil" in the value is that folder of the person's."""
    return ["-o", f"SetEnv={variable}={value.replace('evil', f'/home/{person.user}/evil')}"]


def value_of(variable):
    return f"evil/{CODE[variable][0]}".rstrip("/")


def session_environment(server, mallory, *options):
    """What mallory's session command on the host has got: its environment, and the files that are mapped into it."""
    with mallory.background("echo in; cat", *options) as login:
        login.expect(b"in")
        pid = mallory.session_pid()
        maps = server.sh(f"awk '$6 ~ /^\\// {{print $6}}' /proc/{pid}/maps | sort -u").text
        return mallory.seen_on_host(pid, "environ").splitlines(), maps


@pytest.mark.parametrize("variable", CODE)
def test_a_variable_that_loads_code(server, mallory, carol, accepting, no_marker, variable):
    options = sent(mallory, variable, value_of(variable))
    environment, maps = session_environment(server, mallory, *options)
    assert options[1].removeprefix("SetEnv=") in environment, "the variable did not get through sshd: nothing was tried"
    assert maps == "/usr/libexec/labgpu/labgpu-session", "something else is loaded into the session command"
    assert mallory.ssh(f"echo [${variable}]", *options).ok().text == "[]"
    mallory.ssh("true", "-tt", *options).ok()
    assert server.try_sh(f"ls /home/mallory/{HOME_MARKER} {MARKER}").out == b""
    carol.ssh(CODE[variable][1], *sent(carol, variable, value_of(variable)))
    assert server.try_sh(f"rm {MARKER} /home/carol/{HOME_MARKER}").status == 0, "it works for nobody: nothing is shown"


def markers_of(server, carol):
    """Which programs of the host loaded carol's library."""
    marker = f"/home/carol/{HOME_MARKER}"
    return set(server.sh(f"cat {marker}; rm {MARKER} {marker}").text.split())


@pytest.mark.parametrize("variable", ["LD_PRELOAD", "LD_AUDIT"])
def test_code_in_the_programs_that_sshd_starts_for_x11(server, mallory, carol, accepting, no_marker, variable):
    """sshd runs xauth through /bin/sh, with the client's variables."""
    shown = {}
    for person in (mallory, carol):
        windows = person.with_environment({"DISPLAY": ":9"})
        options = sent(person, variable, "evil/run.so")
        shown[person] = windows.ssh("echo $DISPLAY; xauth list | wc -l", "-Y", *options).ok()
    assert markers_of(server, carol) >= {"sh", "xauth"}, "it works for nobody: nothing is shown"
    display, cookies = shown[mallory].text.split()
    assert display.startswith("localhost:") and int(cookies) > 0, "X11 is not forwarded: nothing was tried"


def test_code_in_the_administrators_sshrc(server, mallory, carol, accepting, no_marker):
    """sshd runs that at each login in the same way."""
    server.write("/etc/ssh/sshrc", b"exit 0\n")
    try:
        for person in (mallory, carol):
            person.ssh("exec /bin/true", *sent(person, "LD_PRELOAD", "evil/run.so")).ok()
        assert "sh" in markers_of(server, carol), "it works for nobody: nothing is shown"
    finally:
        server.sh("rm /etc/ssh/sshrc")


@pytest.mark.parametrize("variable", DATA)
def test_a_variable_that_names_data_goes_no_further_than_the_session_command(server, mallory, accepting, variable):
    options = sent(mallory, variable, DATA[variable])
    environment, maps = session_environment(server, mallory, *options)
    if variable != "SHELL":  # sshd sets that itself
        assert options[1].removeprefix("SetEnv=") in environment, "the variable did not get through: nothing was tried"
    assert maps == "/usr/libexec/labgpu/labgpu-session"
    value = options[1].partition("=")[2].partition("=")[2]
    assert value not in mallory.ssh(f"env | grep ^{variable}=", *options).text
    assert "trace" not in server.sh("ls /home/mallory/evil").text


def test_variables_that_sshd_sets_itself_cannot_be_forged(server, mallory, bob, accepting):
    """Whose home, name, key and command it is: none of it is the client's word."""
    forged = ["HOME=/root", "USER=bob", "LOGNAME=bob", "SSH_USER_AUTH=/etc/shadow", "SSH_CONNECTION=192.0.2.1 1 ::1 22"]
    words = " ".join(f'"{word}"' for word in forged)
    environment, _ = session_environment(server, mallory, "-o", f"SetEnv={words}")
    assert not set(forged) & set(environment), environment
    assert mallory.ssh("hostname; id -un; echo $HOME", "-o", f"SetEnv={words}").ok().text.split() == [
        "mallory-VM",
        "mallory",
        "/home/mallory",
    ]


def test_a_forged_command_does_not_get_past_the_one_of_the_key(server, laptop, mallory, accepting):
    """The administrator bound a key to a command; its owner wants a shell."""
    key = laptop.directory / "bound.key"
    for file in laptop.directory.glob("bound.key*"):
        file.unlink()
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key]).ok()
    line = 'command="echo bound" ' + key.with_suffix(".key.pub").read_text()
    server.labgpu("key", "add", "mallory", "-", stdin=line.encode()).ok()
    bound = Client(laptop, "mallory")
    bound.options = [word.replace(str(mallory.key), str(key)) for word in mallory.options]
    forged = 'SetEnv=SSH_USER_AUTH=/dev/null SSH_ORIGINAL_COMMAND=hostname HOME=/tmp USER=bob SHELL=/bin/bash'
    for result in (bound.ssh("hostname", "-o", forged), bound.ssh(None, "-tt", "-o", forged), bound.ssh("sftp", "-s")):
        assert "bound" in result.text and "mallory-VM" not in result.text, result
    assert mallory.ssh("hostname", "-o", forged).ok().text == "mallory-VM"
