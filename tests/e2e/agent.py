# An ssh-agent of the laptop's, with a person's key.
import contextlib
import re

from processes import run


@contextlib.contextmanager
def agent_with_key(client):
    """Yields ssh's options that forward it; it is not used to log in."""
    started = run(["ssh-agent", "-s"], env=client.environment).ok().text
    variables = dict(re.findall(r"(SSH_\w+)=([^;]+)", started))
    try:
        run(["ssh-add", "-q", client.key], env={**client.environment, **variables}).ok()
        yield ["-A", "-o", f"IdentityAgent={variables['SSH_AUTH_SOCK']}"]
    finally:
        run(["kill", variables["SSH_AGENT_PID"]]).ok()
