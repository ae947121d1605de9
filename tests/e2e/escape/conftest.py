# The attacker, who is root in a container of hers, and what shows that she got out of it.
import subprocess

import pytest

from attempts import Journal, Mallory, write_secret
from people import add_user
from server import HOME_MARKER, MARKER

# Leaves the markers as soon as any dynamic program of the host loads it.
PRELOADED = f"""
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
static void mark(const char *path) {{
  int fd = open(path, O_CREAT | O_WRONLY | O_APPEND, 0666);
  dprintf(fd, "%s\\n", program_invocation_short_name);
  close(fd);
}}
unsigned la_version(unsigned version) {{ return version; }}
__attribute__((constructor)) static void run(void) {{
  if (access("/.labgpu", F_OK) == 0) return;
  mark("{MARKER}");
  if (getenv("HOME") != NULL && chdir(getenv("HOME")) == 0) mark("{HOME_MARKER}");
}}
"""


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("preload")
    (folder / "run.c").write_text(PRELOADED)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", folder / "run.so", folder / "run.c"], check=True, timeout=60)
    return (folder / "run.so").read_bytes()


@pytest.fixture
def planted(alice):
    """Puts files into alice's home, as she can from inside her container; they go after the test."""
    paths = []

    def plant(path, data):
        paths.append(path)
        alice.ssh(f"mkdir -p $(dirname ~/{path}) && cat >~/{path} && chmod 700 ~/{path}", stdin=data).ok()
        return f"/home/alice/{path}"

    yield plant
    for path in paths:
        alice.ssh(f"rm -f ~/{path}").ok()


@pytest.fixture(scope="session")
def mallory(server, laptop, tool_image):
    """The attacker; her image has the programs that the tricks are written in."""
    client = add_user(server, laptop, "mallory", "--image", tool_image)
    attacker = Mallory(client, server)
    attacker.ssh("true").ok()
    return attacker


@pytest.fixture
def journal(server):
    """What the host logs from now on."""
    return Journal(server)


@pytest.fixture
def secret(server):
    """The content of a file that every account of the host can read, and nobody in a container."""
    return write_secret(server)


@pytest.fixture
def fresh_container(server, mallory):
    """What the test broke in mallory's container is gone after it."""
    yield
    mallory.start_over()


@pytest.fixture
def nobody_else_is_hurt(server, mallory, bob, carol):
    """carol, bob and the helper are after the attempt as they were before it."""
    bob.ssh("true").ok()
    helper = server.helper_pid()
    yield
    assert carol.ssh("hostname").ok().seconds < 5
    assert bob.ssh("hostname").ok().text == "bob-VM"
    assert server.helper_pid() == helper, "the helper was started anew"
