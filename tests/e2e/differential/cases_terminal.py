# Terminals: what a command finds, how sizes follow, what keys do.
import time

from local_pty import LocalPty
from table import Intended, Table
from terminal import SHELL, Terminal
from typing_person import at_a_terminal, dialogue, terminal_case, without_numbers

table = Table("terminal")

# --- what a command finds

terminal_case(
    table,
    "its name, owner and mode",
    "tty; [ $(tty) = $SSH_TTY ] && echo same; stat -c '%U %G %a %F' $(tty); ps -o tty=,stat= $$; stat -Lc %t $(tty)",
)
terminal_case(table, "the controlling one", "echo written >/dev/tty; ps -o tpgid= $$ | grep -qw $$ && echo in front")
for settings in (
    ("sane",),
    ("intr", "^G", "quit", "^A", "susp", "^Y", "-icrnl"),
    ("erase", "^H", "kill", "^X", "werase", "^F", "lnext", "^B", "eof", "^E", "eol", "^T", "rprnt", "^P"),
    ("-ixon", "ixoff", "ixany", "-imaxbel", "inlcr", "igncr", "parmrk", "inpck", "istrip"),
    ("iutf8", "-echoe", "-echok", "echonl", "noflsh", "tostop", "-echoctl", "-echoke"),
    ("-iutf8", "-onlcr", "ocrnl", "onocr", "onlret"),
    ("9600",),
    ("-opost", "-isig", "-icanon", "-echo", "-iexten", "start", "^P", "stop", "^O"),
):
    terminal_case(table, f"stty {' '.join(settings)}", "stty -a", settings=settings)
for term in ("xterm-256color", "dumb", "no-such-terminal", "two words", ""):
    terminal_case(table, f"TERM={term}", 'echo "[$TERM]"; tput cols; tput bold | od -An -c', term=term)
for rows, columns in ((24, 80), (1, 1), (0, 0), (300, 1000)):
    terminal_case(table, f"{rows} by {columns} at the start", "stty size", rows=rows, columns=columns)
terminal_case(
    table,
    "a size in pixels",
    "python3 -c 'import fcntl, termios; print(list(fcntl.ioctl(0, termios.TIOCGWINSZ, bytes(8))))'",
    width=1280,
    height=777,
)
terminal_case(table, "standard output and error", "echo out; echo err >&2; test -t 1 && test -t 2 && echo both")
terminal_case(table, "none when none is wanted", "exec 2>&1; tty; stty size; echo $SSH_TTY", "-T")
terminal_case(
    table,
    "logname(1)",
    "mesg; echo $USER; logname | tee /dev/stderr | wc -w",
    intended=Intended(
        "a login sets no audit id: the kernel takes it only once, and cron or sshd in the container set it for theirs",
        lambda a, b: "USER\r\nUSER\r\n1" in a["out"] and "USER\r\nlogname: no login name\r\n0" in b["out"],
    ),
)
terminal_case(
    table,
    "who(1)",
    "who -m | wc -l",
    intended=Intended("a container keeps no list of logins", lambda a, b: (a["out"][0], b["out"][0]) == ("1", "0")),
)
terminal_case(table, "sudo", "sudo id -un; sudo sh -c 'stty size; echo seen >/dev/tty'; sudo -k -n true; echo $?")
terminal_case(table, "script(1)", "script -qec 'stty size; tty >/dev/null && exit 7' /dev/null")
terminal_case(
    table,
    "expect(1) in there",
    "expect -c 'spawn sh -c {stty size; read x; echo [$x]}; expect 80; send typed\\n; expect eof'",
)
table.command("asked for without having one", "tty | cut -c 1-9; stty -a; echo $TERM", "-tt")
table.command("asked for, and input from elsewhere", "cat; echo after", "-tt", stdin=b"one\ntwo\n\x04")

# --- sizes that change

# A trap does not run while it runs already, so it only notes that there was a signal. There is no $(...) in the loop:
# bash stumbles over one that a signal interrupts.
WATCHER = (
    "trap changed=1 WINCH; echo go;"
    " while :; do [ $changed ] && changed= && printf 'now ' && stty size; read -t 0.05; done"
)


@table.case("each resize is told")
def each_resize(person):
    sizes = [(10, 40), (50, 132), (50, 133), (1, 1), (24, 80)]
    with Terminal(person.client, WATCHER) as terminal:
        terminal.ssh.expect_exact("go")
        for rows, columns in sizes:
            terminal.ssh.setwinsize(rows, columns)
            terminal.ssh.expect(r"now (\d+ \d+)\r\n")
            assert terminal.ssh.match[1].decode() == f"{rows} {columns}"
    return sizes


@table.case("the last of many quick resizes counts")
def quick_resizes(person):
    seen = []
    with Terminal(person.client, WATCHER) as terminal:
        terminal.ssh.expect_exact("go")
        for last in (60, 70, 80):
            for columns in range(last - 30, last + 1):
                terminal.ssh.setwinsize(24, columns)
                time.sleep(0.002)  # quick, but not one signal for all of them
            terminal.ssh.expect_exact(f"now 24 {last}\r\n")
            seen.append(last)
    return seen


@table.case("a resize while the login goes on")
def early_resize(person):
    with Terminal(person.client, "sleep 0.3; stty size") as terminal:
        for columns in range(20, 70):
            terminal.ssh.setwinsize(24, columns)
            time.sleep(0.005)
        return terminal.rest()


# --- keys

# "go" comes from the process that sleeps: bash itself takes a key that comes between two of its commands.
SLEEPER = "sh -c 'echo go; exec sleep 20'; echo lost"
terminal_case(table, "Ctrl-C", SLEEPER, typed=b"\x03")
terminal_case(table, "Ctrl-C is caught", "trap 'echo caught; exit 3' INT; echo go; sleep 20 & wait", typed=b"\x03")
terminal_case(table, "Ctrl-\\", f"ulimit -c 0; {SLEEPER}", typed=b"\x1c")
terminal_case(table, "Ctrl-D", "echo go; wc -l; cat", typed=b"one\ntwo\n\x04three\x04\x04\x04")
terminal_case(
    table,
    "Ctrl-U, Ctrl-W, Ctrl-R, Ctrl-V",
    "echo go; head -n 2 | cat -A",
    typed=b"lost\x15a b\x17c\x12\nd\x16\x03\n",
)
terminal_case(table, "~. ends the connection", "echo go; sleep 20", typed=b"\n~.")
terminal_case(table, "~? is ssh's own", "echo go; head -n 2; echo end", typed=b"\n~?x\n")
terminal_case(
    table,
    "8-bit input as it is",
    "stty raw -echo; printf 'go\\r\\n'; head -c 512 | od -An -tx1",
    typed=bytes(range(256)) * 2,
)
for mode in ("iutf8", "-iutf8"):
    terminal_case(
        table,
        f"Chinese is erased with {mode}",
        "echo go; head -n 1 | od -An -tx1",
        settings=(mode,),
        typed="中文，ü好\x7f\x7f字\x7f\n".encode(),
    )
terminal_case(table, "Chinese out", "echo 你好，世界 ünï 😀; locale charmap")
dialogue(table, "read -s", "read -s word\nhidden", "echo [$word]", "read -p 'name? ' -n 3 word\nabc", "echo [$word]")
dialogue(table, "/dev/tty beside a pipe", "echo piped | (read a; read b </dev/tty; echo $a $b)\ntyped", "echo $?")
dialogue(
    table,
    "jobs",
    "sleep 0.2 & wait",
    "jobs",
    "sleep 30 & jobs",
    "kill %1; sleep 0.5",
    "echo $?",
    "set -o | grep monitor",
)
dialogue(
    table,
    "a background job that reads or writes",
    "head -n 1 & sleep 0.3",
    "jobs",
    "fg\nseen",
    "stty tostop; (echo x) & sleep 0.3",
    "jobs",
)


@table.case("Ctrl-Z, bg, fg")
def stop_and_go(person):
    with Terminal(person.client, SHELL) as terminal:
        terminal.prompt()
        terminal.ssh.sendline("sh -c 'echo sta\"\"rted; exec sleep 20'")
        terminal.ssh.expect_exact("started\r\n")
        said = []
        for keys in ("\x1a", "jobs\n", "bg\n", "kill %1; wait %1\n", "echo $?\n"):
            terminal.ssh.send(keys)
            said.append(without_numbers(terminal.prompt()))
        return said


@table.case("Ctrl-S, Ctrl-Q")
def stop_output(person):
    command = "echo go; while read -r line; do echo got $line; done"
    with LocalPty() as terminal:
        process = terminal.start(person.client.ssh_argv("-t", "--", command), person.client.environment)
        terminal.expect(b"go\r\n")
        terminal.write(b"\x13")
        terminal.write(b"held\n")
        while terminal.read(0.7):
            pass
        before = terminal.out
        terminal.write(b"\x11")
        terminal.expect(b"got held")
        terminal.write(b"\x04")
        status = terminal.finish(process)
        return before, terminal.out, status


@table.case("no command: the login shell, its files, its prompt")
def login_shell(person):
    profile = "echo from-profile $-\n. ~/.bashrc\n"
    person.client.ssh("cat >.bash_profile; echo 'echo good-bye' >.bash_logout", stdin=profile.encode()).ok()
    name = person.text("hostname")
    try:
        with Terminal(person.client, None) as terminal:
            terminal.ssh.expect_exact("from-profile")
            terminal.ssh.expect_exact("$ ")
            first = terminal.ssh.before.decode()
            terminal.ssh.send("echo $0 $-; shopt login_shell; type ll; exit 4\n")
            shown = terminal.rest()
            shown["out"] = first + shown["out"]
            return {**shown, "out": shown["out"].replace(name, "HOST")}
    finally:
        person.client.ssh("rm .bash_profile; cp /etc/skel/.bash_logout .").ok()


@table.case("two terminals at once are two")
def two_terminals(person):
    names = []
    with Terminal(person.client, SHELL) as one, Terminal(person.client, SHELL) as other:
        for terminal in (one, other):
            terminal.prompt()
            names.append(terminal.ask("tty"))
        one.ask(f"echo to the other one >{names[1]}")
        other.ssh.expect_exact("to the other one")
    return names[0] != names[1], at_a_terminal(person, "test -c /dev/ptmx && ls /dev/pts | grep -c ptmx")
