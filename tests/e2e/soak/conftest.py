# Whose sessions the soak makes.
import pytest

from client import Client
from people import add_user


@pytest.fixture(scope="session")
def people(server, laptop, alice, bob):
    """Four, with containers that run."""
    clients = [alice, bob, *(add_user(server, laptop, name) for name in ("soak1", "soak2"))]
    for client in clients:
        client.ssh("true", timeout=60).ok()
    return clients


@pytest.fixture(scope="session")
def refused(server, laptop):
    """Who is not let in: by PAM, because the account is locked, and by sshd, because the key is not theirs."""
    locked = add_user(server, laptop, "soak3")
    server.labgpu("user", "set", "soak3", "locked=yes").ok()
    stranger = Client(laptop, "alice")
    stranger.options = [word.replace("alice.key", "soak3.key") for word in stranger.options]
    return [locked, stranger]
