# One of the two people whom the cases are tried as, with a laptop of their own.
import contextlib
import shutil

from processes import run


class Person:
    """`client` is how the person logs in; the rest is what the cases need beside ssh itself."""

    def __init__(self, client, server, uid):
        self.client = client
        self.server = server
        self.name = client.user
        self.uid = uid

    def ssh(self, command=None, *options, stdin=b"", timeout=30, env=None):
        """`ssh OPTIONS host COMMAND`, observed; ENV is more of the laptop's environment."""
        return observed(self.client.with_environment(env or {}).ssh(command, *options, stdin=stdin, timeout=timeout))

    def text(self, command):
        """The standard output of a command that has to succeed, to go on with."""
        return self.client.ssh(command).ok().text

    def local(self, *argv, stdin=b"", timeout=60, env=None):
        """A program on the laptop, observed."""
        return observed(run(argv, stdin, timeout, {**self.client.environment, **(env or {})}))

    @contextlib.contextmanager
    def folders(self):
        """A fresh local folder (pathlib.Path) and a fresh one in the account, whose name is relative to the home."""
        local = self.client.laptop.directory / f"work-{self.name}"
        shutil.rmtree(local, ignore_errors=True)
        local.mkdir()
        self.client.ssh("rm -rf work && mkdir work").ok()
        try:
            yield local, "work"
        finally:
            shutil.rmtree(local, ignore_errors=True)


def observed(result):
    """What a person sees of a program that ended."""
    return {
        "status": result.status,
        "out": result.out.decode(errors="backslashreplace"),
        "err": result.err.decode(errors="backslashreplace"),
    }
