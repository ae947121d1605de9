# How sessions end, and what of theirs lives on: jobs in the background, lost clients, lost connections.
import signal

import paramiko
from paramiko.common import cMSG_CHANNEL_REQUEST

from processes import run, wait_until
from table import Intended, Table

table = Table("ends")

# --- what ssh waits for

table.command("a job that holds the output", "sleep 2 & echo started")
table.command("a job that holds the errors alone", "sleep 2 >/dev/null & echo started")
table.command("a job that holds nothing", "sleep 60 >/dev/null 2>&1 & echo started")
table.command("a job that writes later", "(sleep 1; echo later) & echo now")
table.command("a job that reads the input", "(read line; echo got $line) <&0 & wait; echo end", stdin=b"a line\n")
table.command("nohup", "nohup sh -c 'echo from nohup' 2>/dev/null; echo end")
table.command("setsid with the output", "setsid sh -c 'sleep 1; echo from setsid' & echo end")
table.command("exit with a job in a terminal", "sleep 2 & echo started; exit 3", "-tt")
table.command("last words in a trap", "trap 'echo bye; exit 9' EXIT; exit 1")
table.command("last words on a signal", "trap 'echo caught; exit 7' TERM; kill -TERM $$; sleep 1")
table.command("100 kB just before the end", "head -c 100000 /dev/zero | tr '\\0' z; kill -KILL $$")


# --- what outlives the session


def marked(person, name):
    """A program that sleeps for long under a name that only this case has, and a look for it."""
    mark = f"sleeper-{name}-{person.name}"
    program = f"bash -c 'exec -a {mark} sleep 300'"
    # Brackets, so that the looking itself is not found.
    look = f"pgrep -c -f '[s]leeper-{name}-{person.name}'"
    return program, look


def lives(person, look):
    return person.ssh(look)["out"].strip() != "0"


def settled(person, look):
    """Whether it lives, once that does not change any more: what is to end ends within a second or two."""
    try:
        wait_until(lambda: not lives(person, look), 2.5, "its end", 0.3)
        return "ended"
    except AssertionError:
        return "lives on"
    finally:
        person.ssh(look.replace("pgrep -c", "pkill"))


def left_behind(name, how, *options):
    """The session ends in peace; `how` makes a command line of the program."""

    @table.case(f"after the end: {name}")
    def run_case(person):
        program, look = marked(person, name.replace(" ", "-"))
        end = person.ssh(how.format(program=program), *options)
        return end, settled(person, look)


left_behind("a job", "{program} >/dev/null 2>&1 & sleep 0.3; echo end")
left_behind("nohup", "nohup {program} >/dev/null 2>&1 </dev/null & sleep 0.3; echo end")
left_behind("setsid", "setsid {program} >/dev/null 2>&1 </dev/null & sleep 0.3; echo end")
left_behind("disown", "{program} >/dev/null 2>&1 </dev/null & disown; sleep 0.3; echo end")
left_behind("a job in a terminal", "{program} & sleep 0.3; echo end", "-tt")
left_behind("nohup in a terminal", "nohup {program} >/dev/null 2>&1 </dev/null & sleep 0.3; echo end", "-tt")
left_behind("setsid in a terminal", "setsid {program} >/dev/null 2>&1 </dev/null & sleep 0.3; echo end", "-tt")
left_behind("an interactive shell's job", "bash --norc -ic '{program} & sleep 0.3; exit 5' 2>/dev/null", "-tt")


def lost(name, number, how, *options):
    """The client gets a signal while the program runs."""

    @table.case(f"the client {name}")
    def run_case(person):
        program, look = marked(person, name.replace(" ", "-"))
        with person.client.background(how.format(program=program), *options) as ssh:
            ssh.expect(b"ready")
            wait_until(lambda: lives(person, look), 10, "the program's start")
            ssh.process.send_signal(number)
            ssh.process.wait(30)
        return ssh.process.returncode, settled(person, look)


lost("is killed", signal.SIGKILL, "echo ready; {program}; :")
lost("is killed, output in use", signal.SIGKILL, "echo ready; {program} & yes; wait")
lost("is killed in a terminal", signal.SIGKILL, "echo ready; {program}; :", "-tt")
lost("is killed with nohup in a terminal", signal.SIGKILL, "echo ready; nohup {program} >/dev/null; :", "-tt")
lost("is interrupted", signal.SIGINT, "echo ready; {program}; :")
lost("is terminated in a terminal", signal.SIGTERM, "echo ready; {program}; :", "-tt")


@table.case("the connection is silent and sshd gives up")
def client_alive(person):
    """The client is stopped, so that nobody answers ClientAlive; as a cut cable looks to sshd."""
    seen = []
    for options in ([], ["-tt"]):
        program, look = marked(person, "silent")
        with person.client.background(f"echo ready; {program}; :", *options) as ssh:
            ssh.expect(b"ready")
            wait_until(lambda: lives(person, look), 10, "the program's start")
            ssh.process.send_signal(signal.SIGSTOP)
            wait_until(lambda: not connected(person), 20, "sshd's giving up", 0.5)
            seen.append(settled(person, look))
    return seen


@table.case("the connection is cut and sshd gives up")
def cut(person):
    """The server drops what comes from the client's port, and nobody is told."""
    program, look = marked(person, "cut")
    with person.client.background(f"echo ready $SSH_CONNECTION end; {program}; :", "-tt") as ssh:
        ssh.expect(b" end")
        rule = f"INPUT -p tcp --sport {ssh.out.split()[2].decode()} -j DROP"
        wait_until(lambda: lives(person, look), 10, "the program's start")
        person.server.sh(f"iptables -I {rule}")
        try:
            wait_until(lambda: not connected(person), 30, "sshd's giving up", 0.5)
        finally:
            person.server.sh(f"iptables -D {rule}")
    return settled(person, look)


def connected(person):
    """Whether sshd has a session of this person's, beside the one that a check would open."""
    return person.server.try_sh(f"pgrep -f '^sshd(-session)?: {person.name}@'").status == 0


@table.case("the reader goes away")
def reader_gone(person):
    """`ssh host yes | head -n 1`: ssh ends of SIGPIPE, and so does the writer."""
    mark = f"writer-{person.name}"
    argv = person.client.ssh_argv("--", f"bash -c 'exec -a {mark} yes'")
    quoted = " ".join(f"'{word}'" if "'" not in word else f'"{word}"' for word in argv)
    ended = run(["bash", "-c", f"{quoted} | head -n 1; echo ${{PIPESTATUS[0]}}"], env=person.client.environment)
    wait_until(lambda: person.ssh(f"pgrep -c -f '[w]riter-{person.name}'")["out"] == "0\n", 10, "the writer's end", 0.3)
    return ended.out


def only_the_host_account_is_told(plain, boxed):
    return plain == [5, "got it\n"] and boxed == [0, "slept\n"]


@table.case(
    "a signal request of the protocol",
    intended=Intended(
        "sshd refuses them for a forced command (session_signal_req), and OpenSSH's own ssh sends none",
        only_the_host_account_is_told,
    ),
)
def signal_request(person):
    """RFC 4254, section 6.9; paramiko has the message's parts."""
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    address, key = person.client.laptop.address, str(person.client.key)
    client.connect(address, username=person.name, key_filename=key, allow_agent=False, look_for_keys=False)
    with client:
        channel = client.get_transport().open_session()
        channel.exec_command("trap 'echo got it; exit 5' TERM; echo ready; sleep 2 & wait; echo slept")
        stdout = channel.makefile("r")
        assert stdout.readline() == "ready\n"
        message = paramiko.Message()
        message.add_byte(cMSG_CHANNEL_REQUEST)
        message.add_int(channel.remote_chanid)
        message.add_string("signal")
        message.add_boolean(False)
        message.add_string("TERM")
        client.get_transport()._send_user_message(message)
        return channel.recv_exit_status(), stdout.read().decode()
