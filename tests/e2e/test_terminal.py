# Terminals: a pty of the container behind sshd's, with sizes, keys and modes passed through.
import time

import pexpect
import pytest

from processes import wait_until
from terminal import SHELL, Terminal


@pytest.fixture
def shell(alice):
    with Terminal(alice, SHELL) as terminal:
        terminal.prompt()
        yield terminal


def test_tty_is_a_pts_of_the_container(server, shell):
    name = shell.ask("tty")
    assert name.startswith("/dev/pts/") and name[len("/dev/pts/") :].isdigit(), name
    ours, devpts = shell.ask("stat -Lc %d /proc/self/fd/0; stat -c %d /dev/pts").split()
    assert ours == devpts, "the terminal is not one of the container's /dev/pts"
    assert devpts != server.sh("stat -c %d /dev/pts").text


def test_terminal_belongs_to_alice_and_is_the_controlling_one(shell):
    assert shell.ask("stat -c %U $(tty)") == "alice"
    assert shell.ask("echo works >/dev/tty") == "works"


def test_size_is_the_clients_and_follows_a_resize(shell):
    assert shell.ask("stty size") == "24 80"
    for rows, columns in ((50, 132), (10, 40)):
        shell.ssh.setwinsize(rows, columns)
        wait_until(
            lambda: shell.ask("stty size") == f"{rows} {columns}", 10, f"the size {rows} {columns}"
        )  # noqa: B023


def test_resize_signals_the_program(shell):
    # In a bash of its own: the kernel tells the terminal's foreground group, and `shell` puts jobs into others.
    shell.ssh.sendline(
        """bash -c 'trap "echo now \\$(stty size)" WINCH; echo wai""ting; while :; do sleep 0.1; done'"""
    )
    shell.ssh.expect_exact("waiting")
    shell.ssh.setwinsize(33, 99)
    shell.ssh.expect_exact("now 33 99")


def test_ctrl_c_interrupts(shell):
    # One program: between two, the shell itself would be interrupted.
    shell.ssh.sendline('sh -c \'echo sta""rted; exec sleep 60\'')
    shell.ssh.expect_exact("started")
    before = time.monotonic()
    shell.ssh.sendintr()
    shell.prompt()
    assert time.monotonic() - before < 5
    assert shell.ask("echo $?") == "130"


def test_ctrl_z_stops_and_fg_goes_on(shell):
    """`exec`: dash starts a command with vfork(2); a key that stops the child before its exec stops
    the parent never, and bash, which waits for that one, says nothing (seen on a plain server too)."""
    shell.ssh.sendline('sh -c \'echo sta""rted; exec sleep 2\'')
    shell.ssh.expect_exact("started")
    shell.ssh.send("\x1a")
    shell.ssh.expect_exact("Stopped")
    shell.prompt()
    shell.ssh.sendline('fg && echo fin""ished')
    shell.ssh.expect_exact("finished")


def test_ctrl_d_ends_the_shell(shell):
    shell.ssh.sendline("stty -a >/dev/null; (exit 9)")
    shell.prompt()
    shell.ssh.sendeof()
    shell.ssh.expect(pexpect.EOF)
    shell.ssh.close()
    assert shell.ssh.exitstatus == 9


def test_modes_of_the_clients_terminal_arrive(alice):
    """A terminal whose interrupt key is Ctrl-G and that keeps carriage returns must be the same inside."""
    with Terminal(alice, None) as terminal:
        terminal.ssh.close(force=True)
    local = " ".join(f"'{word}'" for word in alice.ssh_argv("-tt", "--", "stty -a"))
    outer = pexpect.run(f'sh -c "stty intr ^G -icrnl; {local}"', timeout=30, env=alice.environment).decode()
    assert "intr = ^G" in outer and "-icrnl" in outer, outer


def test_term_is_passed_on(shell):
    assert shell.ask("echo $TERM") == "xterm"


def test_chinese_can_be_typed_and_shown(shell):
    assert shell.ask("echo 你好，世界") == "你好，世界"


def test_interactive_login_shell(alice):
    with Terminal(alice, None) as terminal:
        terminal.ssh.sendline("bind 'set enable-bracketed-paste off'; PS1='ready''> '")
        terminal.prompt()
        assert terminal.ask("hostname; shopt login_shell").split() == ["alice-VM", "login_shell", "on"]
        terminal.ssh.sendline("exit 4")
        terminal.ssh.expect(pexpect.EOF)
        terminal.ssh.close()
    assert terminal.ssh.exitstatus == 4


def test_sudo_works_at_a_terminal(shell):
    assert shell.ask("sudo id -un") == "root"
    assert shell.ask("sudo sh -c 'echo works >/dev/tty'") == "works"


def test_tmux_starts_and_survives_the_connection(alice):
    with Terminal(alice, "tmux new-session -s e2e") as terminal:
        terminal.ssh.expect_exact("[e2e]")
        terminal.ssh.sendline("echo in-$((40 + 2))-tmux")
        terminal.ssh.expect_exact("in-42-tmux")
    shown = alice.ssh("sleep 0.5; tmux capture-pane -pt e2e").ok().text
    assert "in-42-tmux" in shown
    alice.ssh("tmux kill-server").ok()


def test_lost_connection_hangs_up_the_foreground_but_not_nohup(server, alice):
    with Terminal(alice, "nohup sleep 7001 & echo sta''rted; sleep 7002") as terminal:
        terminal.ssh.expect_exact("started")
        # Until nohup has become it, the hang-up would end it.
        wait_until(lambda: server.try_sh("pgrep -fx 'sleep 7001'").status == 0, 10, "the start of nohup's command")
    wait_until(lambda: server.try_sh("pgrep -fx 'sleep 7002'").status == 1, 20, "the end of the foreground command")
    assert server.try_sh("pgrep -fx 'sleep 7001'").status == 0, "nohup's command ended with the connection"
    alice.ssh("pkill -fx 'sleep 7001'").ok()


def typed_output(client):
    """All that comes through a terminal into which somebody types after the first line."""
    with client.background("echo one; read word; echo [$word]; stty -echo; echo two; exit 5", "-tt") as command:
        command.expect(b"one\r\n")
        command.send(b"typed\n")
        result = command.finish()
    return result.status, result.out


def test_output_through_a_terminal_is_what_a_host_account_gets(alice, carol):
    assert typed_output(alice) == typed_output(carol)


def test_much_output_through_a_terminal_arrives_whole(alice):
    result = alice.ssh("stty -opost; seq 1 1000000", "-tt", timeout=60).ok()
    assert result.out == b"".join(b"%d\n" % number for number in range(1, 1_000_001))
