# Somebody at a terminal, typing into ssh.
import pexpect

PROMPT = "ready> "

# A shell without decoration. PS1 in two parts, so that the echo of the command itself is not taken for the prompt.
SHELL = "PS1='ready''> ' exec bash --noprofile --norc --noediting"


class Terminal:
    """A terminal that `ssh -tt` runs in. OPTIONS are more of ssh's; `ssh` is the pexpect child."""

    def __init__(self, client, command, *options, columns=80, rows=24, term="xterm"):
        words = client.ssh_argv("-tt", *options, *(["--", command] if command else []))
        self.ssh = pexpect.spawn(
            words[0], words[1:], timeout=20, dimensions=(rows, columns), env={**client.environment, "TERM": term}
        )
        # pexpect's pause before each line that is typed is for programs that are slow to turn echoing off.
        self.ssh.delaybeforesend = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ssh.close(force=True)

    def prompt(self):
        self.ssh.expect_exact(PROMPT)
        return self.ssh.before.decode(errors="replace")

    def ask(self, line):
        """Types a line at the prompt; returns what the shell printed, without the echo of the line."""
        self.ssh.sendline(line)
        lines = self.prompt().splitlines()
        return "\n".join(lines[1:]).strip()

    def rest(self):
        """All that comes until ssh ends, and its exit status."""
        self.ssh.expect(pexpect.EOF)
        self.ssh.close()
        return {"status": self.ssh.exitstatus, "out": self.ssh.before.decode(errors="backslashreplace")}
