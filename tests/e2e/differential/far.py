# Services in an account, and what ssh says about the forwardings to them.
import contextlib
import pathlib
import re
import shlex

import service

PYTHON = f"exec python3 -c {shlex.quote(pathlib.Path(service.__file__).read_text())}"
LARGE = 20_000_000


@contextlib.contextmanager
def far_service(person, place="127.0.0.1"):
    """A service in the account; yields its port, or its path."""
    with person.client.background(f"{PYTHON} serve {place}") as process:
        process.expect(b"\n")
        address = process.out.split()[1].decode()
        yield int(address) if address.isdigit() else address


def ask_there(person, place, *request):
    """What a service says to somebody who asks it from within the account."""
    return person.text(f"{PYTHON} ask {place} {' '.join(request)}")


def complaints(process):
    """What ssh said for a person to read."""
    process.poll()
    lines = process.err.decode(errors="replace").splitlines()
    return [line for line in lines if re.search("failed|refused|Warning|Error", line) and "debug" not in line]
