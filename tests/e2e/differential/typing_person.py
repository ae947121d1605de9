# People at terminals: what the cases about them share.
import re

from local_pty import LocalPty
from terminal import SHELL, Terminal


def without_numbers(text):
    """Without what is another one at each login: the terminal's number, and the shell's process ids of its jobs."""
    text = re.sub(r"pts/\d+", "pts/N", text)
    return re.sub(r"(\[\d\]|line \d+:|job \d\[) *\d+", r"\1 PID", text)


def at_a_terminal(person, command, *options, settings=(), term="xterm", typed=b"", **size):
    """`ssh -t` in a terminal of the laptop's: its exit status, and all that the terminal showed.

    `typed` is typed once the command has printed "go".
    """
    environment = {**person.client.environment, "TERM": term}
    with LocalPty(*settings, **size) as terminal:
        words = [] if command is None else ["--", command]
        process = terminal.start(person.client.ssh_argv("-t", *options, *words), environment)
        if typed:
            terminal.expect(b"go\r\n")
            terminal.write(typed)
        status = terminal.finish(process)
        return {"status": status, "out": without_numbers(terminal.out.decode(errors="backslashreplace"))}


def terminal_case(table, name, command, *options, intended=None, **more):
    table.case(name, intended)(lambda person: at_a_terminal(person, command, *options, **more))


def dialogue(table, name, *lines, intended=None):
    """What a shell answers to each of the lines."""

    def run(person):
        with Terminal(person.client, SHELL) as terminal:
            terminal.prompt()
            return [without_numbers(terminal.ask(line)) for line in lines]

    table.case(name, intended)(run)
