# A display of the laptop's, without a screen.
import contextlib
import os
import secrets
import subprocess

from processes import run


@contextlib.contextmanager
def display(client):
    """An X server that wants a cookie; yields the environment with which the person's clients find it."""
    authority = client.laptop.directory / f"xauthority-{client.user}"
    authority.unlink(missing_ok=True)
    reading, writing = os.pipe()
    argv = ["Xvfb", "-displayfd", str(writing), "-auth", authority, "-screen", "0", "640x480x24", "-nolisten", "tcp"]
    environment = {**client.environment, "XAUTHORITY": str(authority)}
    cookie = secrets.token_hex(16)
    # The server takes the first cookie of the file for its own, whatever its display's name.
    run(["xauth", "-q", "add", "server/unix:0", ".", cookie], env=environment).ok()
    with subprocess.Popen(argv, pass_fds=[writing], stderr=subprocess.DEVNULL) as server:
        os.close(writing)
        try:
            with os.fdopen(reading) as ready:
                number = ready.readline().strip()
            assert number, "the X server did not start"
            run(["xauth", "-q", "add", f":{number}", ".", cookie], env=environment).ok()
            yield {"DISPLAY": f":{number}", "XAUTHORITY": str(authority)}
        finally:
            server.terminate()
