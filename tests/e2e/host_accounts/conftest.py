# Accounts of the host whose group gives them a container.
import pytest

from bridge import PASSWORD, add_host_user, bridged_groups, remove_host_user


@pytest.fixture(scope="module")
def group(server, carol):
    server.sh("groupadd -f gpuusers; groupadd -f -g 7000 lab")
    with bridged_groups(server, "gpuusers"):
        yield "gpuusers"
    server.sh("groupdel gpuusers; groupdel lab")


@pytest.fixture(scope="module")
def gwen(server, laptop, group):
    """In the group by membership, with a key and a password."""
    client = add_host_user(server, laptop, "gwen", "-c", "'Gwen G.,room 7,'")
    server.sh("chpasswd", stdin=f"gwen:{PASSWORD}\n")
    yield client
    remove_host_user(server, "gwen")


@pytest.fixture
def host_user(server, laptop, group):
    """Makes accounts of the host for one test: host_user("name", OPTION...); they go when it ends."""
    made = []

    def make(name, *options, group=group):
        made.append(name)
        return add_host_user(server, laptop, name, *options, group=group)

    yield make
    for name in made:
        remove_host_user(server, name)
