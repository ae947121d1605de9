# Sessions of every kind, several people at once, each looked at: who it was, where, and how it ended.
import contextlib
import random
import threading

import pexpect

from processes import PATIENCE
from terminal import PROMPT, SHELL, Terminal

# Of each kind of login that is not an ordinary one there is one in so many.
EACH = 25
# Stopping and starting a container takes as long as ten logins.
RESTART_EACH = 250

# Generous, because the machine may be doing something else; a session that hangs is found all the same.
TIMEOUT = 60


class Load:
    """Runs sessions in threads, one for each number of `logins` and `terminals`; `failures` says what was not as it should be.

    The number decides what kind of session it is.
    """

    def __init__(self, people, logins, terminals, seed=1):
        self.people = people
        self.seed = seed
        self.logins = iter(logins)
        self.terminals = iter(terminals)
        self.each_terminal = max(1, len(logins) // max(1, len(terminals)))
        self.done = dict.fromkeys(("logins", "terminals", "refused", "restarts"), 0)
        self.failures = []
        self.lock = threading.Lock()
        self.one_master = threading.Lock()

    def run(self, at_once):
        threads = [threading.Thread(target=self._work, args=(number,)) for number in range(at_once)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self

    def _next(self, numbers):
        with self.lock:
            return next(numbers, None)

    def _count(self, kind):
        with self.lock:
            self.done[kind] += 1

    def _work(self, worker):
        chance = random.Random(self.seed * 1000 + worker)
        client = self.people.clients[worker % len(self.people.clients)]
        # A terminal among so many logins that both end at about the same time.
        while not self.failures:
            login = self._next(self.logins)
            if login is not None:
                self._try("logins", self._login, client, login)
            if login is None or login % self.each_terminal == 0:
                terminal = self._next(self.terminals)
                if terminal is not None:
                    self._try("terminals", self._terminal, client, terminal, chance)
                elif login is None:
                    return

    def _try(self, kind, session, *arguments):
        try:
            session(*arguments)
        except (AssertionError, OSError, pexpect.ExceptionPexpect) as wrong:
            self.failures.append(f"{kind}: {wrong!r}")
        else:
            self._count(kind)

    def _login(self, client, number):
        if number % RESTART_EACH == RESTART_EACH // 2:
            self._restart()
        else:
            kinds = (self._refused, self._sftp, self._streams, self._broken_off, self._forwarding, self._shared)
            kind = kinds[number % EACH] if number % EACH < len(kinds) else self._command
            kind(client, number)

    def _command(self, client, _=None):
        result = client.ssh("hostname; id -un", timeout=TIMEOUT).ok()
        assert result.text.split() == [f"{client.user}-VM", client.user], result

    def _refused(self, _, number):
        result = self.people.refused[number // EACH % len(self.people.refused)].ssh("hostname", timeout=TIMEOUT).failed()
        assert result.out == b"", f"a refused login printed something: {result}"
        self._count("refused")

    def _sftp(self, client, _):
        assert f"/home/{client.user}" in client.sftp("pwd\n").ok().text

    def _streams(self, client, _):
        result = client.ssh("cat; hostname; exit 7", stdin=b"x" * 100_000, timeout=TIMEOUT)
        assert (result.status, result.out[100_000:]) == (7, f"{client.user}-VM\n".encode()), result

    def _broken_off(self, client, _):
        """The client goes away in the middle of the output."""
        with client.background("hostname; exec yes") as command:
            command.expect(f"{client.user}-VM\ny\n".encode(), timeout=TIMEOUT)

    def _forwarding(self, client, _):
        result = client.ssh("hostname", "-R", "0:127.0.0.1:9", timeout=TIMEOUT).ok()
        assert result.text == f"{client.user}-VM", result

    def _shared(self, client, _):
        """Sessions of one connection. The clients of one account would share the socket's name: one at a time."""
        with self.one_master, client.master() as shared:
            for _ in range(3):
                self._command(shared)

    def _restart(self):
        client = self.people.restarted
        with self.one_master:
            self.people.server.labgpu("stop", client.user, timeout=TIMEOUT).ok()
            self._command(client)
        self._count("restarts")

    def _terminal(self, client, number, chance):
        # Not saved: the file would come with the first shell of each account that is left by `exit`.
        with Terminal(client, f"HISTFILE= {SHELL}") as terminal:
            terminal.ssh.timeout = TIMEOUT * PATIENCE
            terminal.prompt()
            assert terminal.ask("hostname") == f"{client.user}-VM"
            columns = chance.randint(40, 200)
            terminal.ssh.setwinsize(30, columns)
            self._sees_width(terminal, columns)
            if number % 3 == 0:  # the connection breaks while something runs
                terminal.ssh.sendline("exec cat")
                return
            terminal.ssh.sendline("exit")
            with contextlib.suppress(pexpect.EOF):
                terminal.ssh.expect_exact(PROMPT, timeout=TIMEOUT)

    @staticmethod
    def _sees_width(terminal, columns):
        """The new size travels beside what is typed, and may come a little later."""
        for _ in range(100):
            if terminal.ask("sleep 0.05; stty size").endswith(f" {columns}"):
                return
        raise AssertionError(f"the terminal did not become {columns} columns wide")
