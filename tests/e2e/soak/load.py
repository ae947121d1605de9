# Sessions of every kind, several people at once, each looked at: who it was, where, and how it ended.
import contextlib
import itertools
import random
import threading

import pexpect

from processes import run
from terminal import PROMPT, SHELL, Terminal

# A login that is refused has to leave nothing behind as well: of each kind one in this many.
REFUSED_EACH = 25


class Load:
    """Runs sessions in threads until so many logins and terminals are done; `failures` says what was not as it should be."""

    def __init__(self, clients, refused, logins, terminals, seed=1):
        self.clients = clients
        self.refused = refused
        self.seed = seed
        self.logins = itertools.islice(itertools.count(), logins)
        self.terminals = itertools.islice(itertools.count(), terminals)
        self.done = {"logins": 0, "terminals": 0, "refused": 0}
        self.failures = []
        self.lock = threading.Lock()

    def run(self, at_once):
        threads = [threading.Thread(target=self._work, args=(number,)) for number in range(at_once)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _next(self, numbers):
        with self.lock:
            return next(numbers, None)

    def _work(self, worker):
        chance = random.Random(self.seed * 1000 + worker)
        client = self.clients[worker % len(self.clients)]
        # A terminal among so many logins that both end at about the same time.
        while not self.failures:
            number = self._next(self.logins)
            if number is not None:
                self._try("logins", lambda n=number: self._login(client, n))
            last = number is None
            if last or number % 10 == 0:
                number = self._next(self.terminals)
                if number is not None:
                    self._try("terminals", lambda n=number: self._terminal(client, n, chance))
                elif last:
                    return

    def _try(self, kind, session):
        try:
            session()
        except (AssertionError, pexpect.ExceptionPexpect) as wrong:
            self.failures.append(f"{kind}: {wrong}")
        else:
            with self.lock:
                self.done[kind] += 1

    def _login(self, client, number):
        kind = number % REFUSED_EACH
        if kind == 0:
            refused = self.refused[number // REFUSED_EACH % len(self.refused)]
            result = refused.ssh("hostname").failed()
            assert result.out == b"", f"a refused login printed something: {result}"
            with self.lock:
                self.done["refused"] += 1
        elif kind == 1:
            run(["sftp", "-q", *client.options, "-b", "-", "server"], b"pwd\n", env=client.environment).ok()
        elif kind == 2:
            result = client.ssh("cat; hostname; exit 7", stdin=b"x" * 100_000)
            assert (result.status, result.out[100_000:]) == (7, f"{client.user}-VM\n".encode()), result
        elif kind == 3:  # it goes away in the middle of its output
            with client.background("hostname; exec yes") as command:
                command.expect(f"{client.user}-VM\ny\n".encode())
        elif kind == 4:
            result = client.ssh("hostname", "-A", "-o", "ForwardX11=no", "-R", "0:127.0.0.1:9").ok()
            assert result.text == f"{client.user}-VM", result
        else:
            result = client.ssh("hostname; id -un").ok()
            assert result.text.split() == [f"{client.user}-VM", client.user], result

    def _terminal(self, client, number, chance):
        with Terminal(client, SHELL) as terminal:
            terminal.prompt()
            assert terminal.ask("hostname") == f"{client.user}-VM"
            columns = chance.randint(40, 200)
            terminal.ssh.setwinsize(30, columns)
            assert terminal.ask("sleep 0.05; stty size").endswith(f" {columns}")
            if number % 3 == 0:  # the connection breaks while something runs
                terminal.ssh.sendline("exec cat")
                return
            terminal.ssh.sendline("exit")
            with contextlib.suppress(pexpect.EOF):
                terminal.ssh.expect_exact(PROMPT, timeout=10)
