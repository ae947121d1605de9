# Accounts with the setting login=root: a host has none like them, so nothing is compared.
import pytest

from agent import agent_with_key
from xvfb import display


@pytest.fixture
def as_root(server, new_user, tool_image):
    client = new_user("--image", tool_image)
    server.labgpu("user", "set", client.user, "login=root").ok()
    return client


@pytest.mark.parametrize("option", ["-X", "-Y"])
def test_x11_reaches_the_display(as_root, option):
    with display(as_root) as screen:
        client = as_root.with_environment(screen)
        for more in ([], ["-tt"]):
            shown = client.ssh("id -u; xdpyinfo | grep -c depths; xauth -q list | wc -l", option, *more).ok()
            assert shown.text.split() == ["0", "1", "1"]


def test_without_x11_there_is_no_cookie_file(as_root):
    assert as_root.ssh("echo [$DISPLAY$XAUTHORITY]").ok().text == "[]"


def test_the_agent_and_its_link(as_root):
    with agent_with_key(as_root) as lend:
        listed = as_root.ssh("ssh-add -l && SSH_AUTH_SOCK=/root/.ssh/agent.sock ssh-add -l", *lend).ok().text
    assert listed.count("(ED25519)") == 2
