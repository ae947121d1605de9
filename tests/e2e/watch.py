# Logs in to the host's own accounts again and again while something else happens, and counts failures.
import threading
import time

from beside import Beside


class LoginWatch(Beside):
    """`with LoginWatch(root, carol) as watch: …`; then `watch.check()`."""

    def __init__(self, *clients):
        super().__init__([threading.Thread(target=self._log_in_again_and_again, args=(client,)) for client in clients])
        self.failures = []
        self.logins = 0
        self.slowest = 0.0

    def _log_in_again_and_again(self, client):
        while not self.stop.is_set():
            self._log_in(client)
            time.sleep(0.05)

    def _log_in(self, client):
        self.logins += 1
        try:
            result = client.ssh("id -un; hostname")
        except AssertionError as late:
            self.failures.append(str(late))
            return
        self.slowest = max(self.slowest, result.seconds)
        if result.status != 0 or result.text.split()[:1] != [client.user] or "VM" in result.text:
            self.failures.append(repr(result))

    def check(self, at_least=4):
        assert self.logins >= at_least, f"only {self.logins} logins were tried; that shows nothing"
        assert not self.failures, f"{len(self.failures)} of {self.logins} logins failed, the first: {self.failures[0]}"
