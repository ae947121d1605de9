# A user who has something to lose: a file in the home, and one in the container's own layer.
from terminal import SHELL, Terminal


def settle(client):
    """Makes the files, and the container if there is none."""
    client.ssh("echo home >~/kept; echo layer | sudo -n tee /opt/kept >/dev/null").ok()
    return client


def check_kept(client):
    """Both are there, for a program that reads every byte, and it reads nothing else."""
    result = client.ssh("cat ~/kept /opt/kept", timeout=60).ok()
    assert (result.out, result.err) == (b"home\nlayer\n", b""), result


def told(client):
    """What a person reads before the first prompt, in one line."""
    with Terminal(client, SHELL) as terminal:
        return " ".join(terminal.prompt().split())
