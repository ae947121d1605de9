# Whose sessions the soak makes.
import collections

import pytest

from client import Client
from people import add_user

# `clients` have containers that run; of `refused` nobody is let in; the container of `restarted` is stopped now and then.
People = collections.namedtuple("People", "server clients refused restarted")


@pytest.fixture(scope="session")
def people(server, laptop, alice, bob):
    clients = [alice, bob, *(add_user(server, laptop, name) for name in ("soak1", "soak2"))]
    restarted = add_user(server, laptop, "soak4")
    for client in (*clients, restarted):
        client.ssh("true", timeout=60).ok()
    return People(server, clients, refused(server, laptop), restarted)


def refused(server, laptop):
    """One by PAM, because the account is locked, and one by sshd, because the key is not theirs."""
    locked = add_user(server, laptop, "soak3")
    server.labgpu("user", "set", "soak3", "locked=yes").ok()
    stranger = Client(laptop, "alice")
    stranger.options = [word.replace("alice.key", "soak3.key") for word in stranger.options]
    return [locked, stranger]
