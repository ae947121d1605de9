# Terminals: programs that fill the screen, much data both ways, and how a session ends.
import hashlib
import os
import re
import subprocess
import time

from local_pty import LocalPty
from processes import wait_until
from table import Table
from terminal import SHELL, Terminal
from typing_person import at_a_terminal, terminal_case

table = Table("terminal programs")

# --- programs that fill the screen


@table.case("vim writes a file")
def vim(person):
    with person.folders() as (_, folder), Terminal(person.client, f"vim -u NONE {folder}/new.txt") as terminal:
        terminal.ssh.expect_exact("new.txt")
        terminal.ssh.send("ione\n二 two\x1b:w\n")
        terminal.ssh.expect(rb"\d lines, \d+ bytes written")
        written = terminal.ssh.match[0]
        terminal.ssh.send(":q\n")
        status = terminal.rest()["status"]
        return written, status, person.text(f"cat {folder}/new.txt")


@table.case("less pages and searches")
def less(person):
    with Terminal(person.client, "seq 1 5000 | sed 's/^/line /' | less") as terminal:
        for keys, wanted in (
            ("", "line 23\r\n"),
            (" ", "line 46\r\n"),
            ("/4321\n", "4321"),
            ("G", "line 5000"),
            ("g", "line 1\r"),
        ):
            terminal.ssh.send(keys)
            terminal.ssh.expect_exact(wanted)
        terminal.ssh.setwinsize(10, 40)
        terminal.ssh.expect(r"line 9\r\n.*:")
        terminal.ssh.send(" ")
        terminal.ssh.expect_exact("line 18\r\n")
        terminal.ssh.send("q")
        return terminal.rest()["status"]


@table.case("htop draws and quits")
def htop(person):
    with Terminal(person.client, "htop", columns=120) as terminal:
        terminal.ssh.expect_exact("Load average")
        terminal.ssh.expect_exact("F10")
        terminal.ssh.send("q")
        end = terminal.rest()
        return end["status"], end["out"][-30:]


@table.case("tmux is left and found again in a second login")
def tmux(person):
    with Terminal(person.client, "tmux -L cases -f /dev/null new-session -s work sh") as terminal:
        terminal.ssh.expect_exact("[work]")
        terminal.ssh.send("stty size; echo in-$((40 + 2))-tmux\n")
        terminal.ssh.expect_exact("in-42-tmux")
        terminal.ssh.send("\x02d")
        detached = terminal.rest()
    try:
        with Terminal(person.client, "tmux -L cases attach", rows=40, columns=100) as terminal:
            terminal.ssh.expect_exact("in-42-tmux")
            terminal.ssh.send("stty size | tr ' ' x\n")
            terminal.ssh.expect_exact("39x100")
            terminal.ssh.send("exit\n")
            ended = terminal.rest()
    finally:
        person.client.ssh("tmux -L cases kill-server")
    return [detached["status"], re.findall(r"\[\w+.*\]", detached["out"]), re.findall(r"\[exited\]", ended["out"])]


# --- much data

PASTE = b"".join(b"line %06d of a large paste, with a tab\tand \xe4\xb8\xad\xe6\x96\x87\n" % i for i in range(4000))


def pasted(person, command, data, **more):
    shown = at_a_terminal(person, command, typed=data, **more)["out"].encode()
    return {"bytes shown": len(shown), "checksum of it": hashlib.md5(shown).hexdigest(), "end": shown[-100:]}


@table.case("a large paste in lines")
def paste_lines(person):
    assert len(PASTE) > 200_000
    return pasted(person, "stty -echo; echo go; md5sum", PASTE + b"\x04")


@table.case("a large paste in lines, with echo")
def paste_echoed(person):
    """How much of it is echoed is chance: the kernel drops an echo that nobody takes at once."""
    seen = pasted(person, "echo go; md5sum; stty -echo", PASTE + b"\x04")
    assert seen["bytes shown"] > len(PASTE) // 2
    return seen["end"].splitlines()[-2:]


@table.case("a large paste into a raw program")
def paste_raw(person):
    return pasted(person, f"stty raw -echo; printf 'go\\r\\n'; head -c {len(PASTE)} | md5sum", PASTE)


@table.case("a paste that nobody reads at first")
def paste_waits(person):
    return pasted(person, f"stty raw -echo; printf 'go\\r\\n'; sleep 1; head -c {len(PASTE)} | md5sum", PASTE)


@table.case("100 MB to a slow reader")
def slow_reader(person):
    command = "stty -opost; yes 'one of the lines that make a hundred megabytes' | head -c 100000000; exit 3"
    words = person.client.ssh_argv("-tt", "--", command)
    digest, size, pauses = hashlib.md5(), 0, 3
    environment = person.client.environment
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environment) as ssh:
        while data := os.read(ssh.stdout.fileno(), 1 << 16):
            if size // 20_000_000 < (size + len(data)) // 20_000_000 and pauses:
                time.sleep(0.3)  # until the client, sshd and both terminals hold all that they can
                pauses -= 1
            digest.update(data)
            size += len(data)
    return size, digest.hexdigest(), ssh.returncode


@table.case("the last bytes before the end, many times")
def last_bytes(person):
    command = "stty -opost; head -c 100000 /dev/zero | tr '\\0' x; printf THE-END; exit 3"
    with person.client.master() as shared:
        ends = [shared.ssh(command, "-tt") for _ in range(25)]
    return [(end.status, len(end.out), end.out[-9:]) for end in ends]


# --- how it ends

for status in (0, 1, 130, 255):
    terminal_case(table, f"exit status {status}", f"exit {status}")
for signal in ("HUP", "INT", "KILL", "SEGV", "TERM", "PIPE"):
    terminal_case(table, f"killed by SIG{signal}", f"ulimit -c 0; echo out; kill -{signal} $$; sleep 5")
terminal_case(table, "something still writes to it", "(trap '' HUP; sleep 0.5; echo late) & echo early")


@table.case("the laptop's terminal is as it was")
def modes_restored(person):
    found = []
    environment = {**person.client.environment, "TERM": "xterm"}
    for command, keys in (
        ("stty raw -echo; exit 3", b""),
        ("vim -u NONE +q", b""),
        ("kill -9 $$", b""),
        ("echo go; cat", b"\n~."),
    ):
        with LocalPty("intr", "^G", "-ixon") as terminal:
            before = terminal.modes()
            process = terminal.start(person.client.ssh_argv("-t", "--", command), environment)
            if keys:
                terminal.expect(b"go\r\n")
                assert terminal.modes() != before, "ssh makes it raw"
                terminal.write(keys)
            status = terminal.finish(process)
            found.append((status, terminal.modes() == before))
    assert all(same for _, same in found)
    return found


@table.case("a lost client hangs up what is in front")
def hang_up(person):
    with person.folders():
        with Terminal(person.client, SHELL) as terminal:
            terminal.prompt()
            terminal.ask("cd work; nohup sleep 7003 >/dev/null 2>&1 & setsid sleep 7004 &")
            terminal.ask("sleep 7005 & disown; sleep 7006 &")
            terminal.ssh.sendline("(trap 'echo front >heard; exit' HUP; echo star''ted; while :; do sleep 0.1; done)")
            terminal.ssh.expect_exact("started")
        mine = "-u $USER -fx"
        heard = f"cat work/heard && ! pgrep {mine} 'sleep 7006'"
        wait_until(lambda: person.client.ssh(heard).status == 0, 10, "the end")
        count = f'for n in 3 4 5 6; do pgrep -c {mine} "sleep 700$n"; done'
        left = person.client.ssh(f"{count}; pkill {mine} 'sleep 700[345]'")
        return person.text("cat work/heard"), left.text
