# ~/.ssh/agent.sock: the agent of the latest login, for shells that outlive theirs.
import pytest

from agent import agent_with_key
from processes import wait_until
from terminal import SHELL, Terminal

pytestmark = pytest.mark.either_release

LIST_KEYS = "SSH_AUTH_SOCK=~/.ssh/agent.sock ssh-add -l"


@pytest.fixture
def lending(alice):
    """ssh's options that forward an agent with one key."""
    alice.ssh("rm -f .ssh/agent.sock").ok()
    with agent_with_key(alice) as options:
        yield options


def test_tmux_has_the_agent_of_the_next_login(alice, lending):
    """A shell of the first login, whose agent is gone, signs with the second login's."""
    alice.ssh("SSH_AUTH_SOCK=~/.ssh/agent.sock tmux -L agent -f /dev/null new-session -d sh", *lending).ok()
    try:
        alice.ssh(LIST_KEYS).failed()
        with Terminal(alice, SHELL, *lending) as terminal:
            terminal.prompt()
            alice.ssh("tmux -L agent send-keys 'ssh-add -l >listed; tmux -L agent wait-for -S listed' Enter").ok()
            alice.ssh("tmux -L agent wait-for listed; cat listed").ok()
            assert "alice@laptop (ED25519)" in alice.ssh("cat listed").ok().text
    finally:
        alice.ssh("tmux -L agent kill-server; rm -f listed")


def test_a_command_does_not_take_it_from_a_terminal_but_the_next_terminal_does(alice, lending):
    with Terminal(alice, SHELL, *lending) as first:
        first.prompt()
        mine = first.ask("echo $SSH_AUTH_SOCK")
        alice.ssh("true", *lending).ok()
        assert alice.ssh("readlink .ssh/agent.sock").ok().text == mine
        with Terminal(alice, SHELL, *lending) as second:
            second.prompt()
            assert alice.ssh("readlink .ssh/agent.sock").ok().text == second.ask("echo $SSH_AUTH_SOCK")
    wait_until(lambda: alice.ssh(LIST_KEYS).status == 2, 10, "the end of the agents")


def test_it_belongs_to_the_user_and_nothing_is_made_without_an_agent(alice, lending):
    alice.ssh("test ! -e .ssh/agent.sock -a ! -L .ssh/agent.sock").ok()
    assert alice.ssh("stat -c '%U %F' .ssh/agent.sock", *lending).ok().text == "alice symbolic link"


def test_a_file_of_that_name_stays(alice, lending):
    alice.ssh("echo mine >.ssh/agent.sock").ok()
    alice.ssh("true", "-tt", *lending).ok()
    assert alice.ssh("cat .ssh/agent.sock; rm .ssh/agent.sock").ok().text == "mine"
