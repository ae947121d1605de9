# The forwarded agent, and X11 with a display of the laptop's.
import contextlib
import re

from agent import agent_with_key
from table import Table
from terminal import SHELL, Terminal
from xvfb import display

table = Table("agent and X11")

# --- the agent


def agent_case(name, command, *options):
    def run(person):
        with agent_with_key(person.client) as lend:
            return without_names(person.ssh(command, *lend, *options), person)

    table.case(name)(run)


def without_names(seen, person):
    """Without what is random: the socket's name, the fingerprint of a key made for this run."""
    out = re.sub(r"ssh-[A-Za-z0-9]{10,}/agent\.\d+", "ssh-RANDOM/agent.N", seen["out"])
    out = re.sub(r"agent/s\.[A-Za-z0-9.]+", "agent/s.RANDOM", out)
    out = re.sub(r"SHA256:\S{43}", "FINGERPRINT", out)
    return {**seen, "out": out.replace(person.client.public_key.split()[1], "KEY")}


agent_case("its keys are listed", "ssh-add -l; ssh-add -L")
agent_case(
    "its socket",
    'echo $SSH_AUTH_SOCK; stat -c "%F %a %U" $SSH_AUTH_SOCK; stat -c "%F %a %U" $(dirname $SSH_AUTH_SOCK)',
)
agent_case("at a terminal, too", "ssh-add -l; echo $SSH_AUTH_SOCK", "-tt")
agent_case("none when none is wanted", "ssh-add -l; echo [$SSH_AUTH_SOCK]", "-a")
agent_case("sudo and sudo -E", "sudo ssh-add -l; sudo -E ssh-add -l")
agent_case(
    "it signs",
    "cd $(mktemp -d) && ssh-add -L >key && echo text >file && ssh-keygen -q -Y sign -f key -n test file"
    " && ssh-keygen -Y check-novalidate -n test -s file.sig <file | cut -d ' ' -f 1-4; ls; rm -r $PWD",
)
agent_case("one that is locked", "ssh-add -D; ssh-add -l; echo $?")
agent_case("twenty at the same time", "for i in $(seq 20); do ssh-add -l & done; wait")
table.command("no agent", "ssh-add -l; echo [$SSH_AUTH_SOCK]")


@table.case("it is gone after the logout")
def agent_goes(person):
    with agent_with_key(person.client) as lend:
        path = person.client.ssh("echo $SSH_AUTH_SOCK", *lend).ok().text
        assert path.startswith("/")
        return person.ssh(f"test -e {path}; echo $?")


@table.case("a hop to the same account with its key")
def agent_hop(person):
    """From the account to itself through sshd's own address, which host and container reach alike."""
    with agent_with_key(person.client) as lend:
        options = "-o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
        hop = f"ssh {options} {person.name}@{person.client.laptop.address}"
        return person.ssh(f"{hop} 'id -un; ssh-add -l | wc -l; exit 4'", *lend, "-A")


# --- X11


def x11_case(name, command, *options):
    def run(person):
        person.client.ssh("rm -f .Xauthority").ok()
        with display(person.client) as screen:
            return without_cookies(person.ssh(command, *options, env=screen), person)

    table.case(name)(run)


def without_cookies(seen, person):
    out = re.sub(r"\b[0-9a-f]{32}\b", "COOKIE", seen["out"])
    out = re.sub(r":1\d\b", ":1N", out)
    return {**seen, "out": out.replace(person.text("hostname"), "HOST")}


for option in ("-X", "-Y"):
    x11_case(f"{option} reaches the display", "xdpyinfo | grep -E 'name of display|dimensions|vendor string'", option)
    x11_case(f"{option} at a terminal", "xdpyinfo | grep -c depths; echo $DISPLAY $XAUTHORITY", option, "-tt")
x11_case("the cookie", "xauth list | tr -s ' '; stat -c '%a %U' ~/.Xauthority; echo [$XAUTHORITY]", "-X")
x11_case("sudo -E", "sudo -E env XAUTHORITY=$HOME/.Xauthority xdpyinfo | grep -c depths", "-Y")
x11_case("without the cookie", "XAUTHORITY=/dev/null xdpyinfo | head -n 3", "-Y")
x11_case("no display when none is wanted", "echo [$DISPLAY]; xdpyinfo", "-x")
x11_case("five programs", "for i in $(seq 5); do xdpyinfo | grep -c depths & done; wait", "-Y")
table.command("-X without a display of one's own", "echo [$DISPLAY]; xdpyinfo", "-X")


@table.case("two at once have two displays")
def two_displays(person):
    with display(person.client) as screen:
        client = person.client.with_environment(screen)
        with contextlib.ExitStack() as open_ones:
            found = []
            for _ in range(2):
                # One after the other: two xauth at the same time may lose one's cookie, on any host.
                terminal = open_ones.enter_context(Terminal(client, SHELL, "-Y"))
                terminal.prompt()
                found.append((terminal.ask("echo $DISPLAY"), terminal.ask("xdpyinfo | grep -c depths")))
    assert found[0][0] != found[1][0]
    return [(re.sub(r"\d+\.", "N.", name), works) for name, works in found]
