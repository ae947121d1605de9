# What a command, a login shell and an editor's shell find in their environment, and in their home.
from table import Intended, Table

table = Table("environment")

# What sshd and PAM put in by themselves, without what names a connection, a session or a place on the host.
NAMES = "env -0 | tr '\\n' ' ' | tr '\\0' '\\n' | cut -d= -f1 | grep -vE '^(XDG_|DBUS_|_$|SHLVL|MOTD|MAIL)' | sort"


# Docker's own, for an image that sets none.
IMAGE_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
THE_IMAGES_PATH = Intended(
    "the image's PATH holds in every kind of shell: conda and CUDA are found",
    lambda _, boxed: boxed["out"] == IMAGE_PATH,
)


def only_the_hosts_are_missing(plain, boxed):
    """XDG_* and DBUS_* name places of the host that a container does not have."""
    return all(line in plain["out"] for line in boxed["out"].splitlines())


table.command("names in a command's environment", NAMES)
table.command("names in a login shell's environment", None, "-T", stdin=f"{NAMES}\n".encode())
table.command("names with a terminal", NAMES, "-tt")
table.command("who and where", 'echo "$USER $LOGNAME $HOME $SHELL $PWD"')
for name, command in {
    "a command": "echo PATH=$PATH",
    "a login shell": "bash -lc 'echo PATH=$PATH'",
    "an interactive shell": "bash -ic 'echo PATH=$PATH' 2>/dev/null",
    "sh as a login shell": "sh -lc 'echo PATH=$PATH'",
    "zsh as a login shell": "zsh -lc 'echo PATH=$PATH'",
}.items():
    table.command(f"PATH of {name}", command, intended=THE_IMAGES_PATH)
table.command(
    "language as the client has it", "echo $LANG $LC_ALL $LC_TIME; locale 2>&1 | head -n 2", "-o", "SendEnv=LANG"
)
table.command("language that the client sets", "echo $LANG; date -d @0 +%c", "-o", "SetEnv=LANG=C.UTF-8")
table.command("LC_* that the client sets", "echo $LC_TIME$LC_X-$LANG", "-o", "SetEnv=LC_TIME=de_DE.UTF-8 LC_X=own")
table.command("a language that is not there", "locale 2>&1 | head -n 3", "-o", "SetEnv=LC_ALL=xx_XX")
table.command(
    "variables that sshd refuses",
    "echo [$FOO] [$LD_PRELOAD] [$BASH_ENV]",
    "-o",
    "SetEnv=FOO=1 LD_PRELOAD=/x.so BASH_ENV=/x",
)
table.command("the client's address", "set -- $SSH_CONNECTION; echo $1 $4 $#; set -- $SSH_CLIENT; echo $1 $3 $#")
table.command("no terminal's name", "echo [$SSH_TTY] [$TERM]")
table.command("the terminal's name", 'test "$SSH_TTY" = "$(tty)" && echo same; echo $TERM', "-tt")
table.command(
    "the desktop's variables",
    "env | grep -oE '^(XDG|DBUS)_[A-Z_]*' | sort",
    intended=Intended(
        "the host's session bus and runtime directory are not in the container", only_the_hosts_are_missing
    ),
)


@table.case("the shell's start files")
def start_files(person):
    """Each file says its name when it is read."""
    person.text("for f in .bashrc .profile .bash_logout; do cp $f $f.kept; echo echo $f >$f; done")
    try:
        commands = ["echo command", "bash -lc 'echo login'", "bash -ic 'echo interactive' 2>/dev/null"]
        return [person.ssh(None, "-T", stdin=b"echo shell\n")["out"][-40:], *map(person.ssh, commands)]
    finally:
        person.text("for f in .bashrc .profile .bash_logout; do mv $f.kept $f; done 2>/dev/null")


@table.case("/etc/environment")
def environment_file(person):
    """The host's for the one, the container's for the other."""
    person.text("sudo cp /etc/environment /tmp/e 2>/dev/null || sudo touch /tmp/e")
    person.text("printf 'PLACE=\"of the image\"\\nexport OTHER=two\\n#NOT=1\\n' | sudo tee -a /etc/environment")
    try:
        return person.ssh('echo "[$PLACE] [$OTHER] [$NOT]"')
    finally:
        person.text("sudo cp /tmp/e /etc/environment; sudo rm /tmp/e")


@table.case("a login shell that is not bash")
def other_shells(person):
    """As chsh sets it: zsh and fish, for commands and for scripts on standard input."""
    seen = []
    for shell in ("/usr/bin/zsh", "/usr/bin/fish", "/bin/sh"):
        person.text(f"sudo usermod -s {shell} $USER")
        try:
            seen += [person.ssh("echo $0 $SHELL; exit 3"), person.ssh("kill -TERM $fish_pid$$; sleep 5")]
            seen += [person.ssh(None, "-T", stdin=b"echo on input; exit 4\n")]
        finally:
            # The account's shell may not know what this says.
            person.ssh("sudo usermod -s /bin/bash $USER")
    return seen


@table.case("a quiet login")
def hushlogin(person):
    person.text("touch .hushlogin")
    try:
        return person.ssh(None, "-T", stdin=b"echo quiet\n")
    finally:
        person.text("rm .hushlogin")


table.command("the greeting", None, "-T", stdin=b"echo ready\n")


LABGPUS_LINES = ("USER-VM on ", "Memory   ", "CPUs     ", "Disks    ")


def labgpus_own_for_the_last_login(plain, boxed):
    """labgpu's lines come first and all together; the rest is what a plain account is shown, but for one line."""
    own = [line for line in boxed if line.startswith(LABGPUS_LINES)]
    rest = [line for line in plain if not line.startswith("Last login: ")]
    return len(rest) == len(plain) - 1 and own[:1] == boxed[:1] and boxed == own + rest


@table.case(
    "the greeting at a terminal",
    intended=Intended(
        "sshd tells of the last login only before a shell of its own; labgpu tells of the container",
        labgpus_own_for_the_last_login,
    ),
)
def greeting_at_terminal(person):
    lines = person.ssh(None, "-tt", stdin=b"exec true\n")["out"].splitlines()
    return [line for line in lines if line and "exec true" not in line]
