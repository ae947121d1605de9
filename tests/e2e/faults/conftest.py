# One storm of faults, which all tests look at: its seed, its length, and the server it is made on.
import pathlib
import random

import pytest

from catalogue import DOCKER_STATE, OTHER_TIME, STATE
from people_under_load import gather
from processes import run
from server import SOCKETS, UNITS
from storm import Storm
from tally import Tally


def pytest_addoption(parser):
    parser.addoption("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="which faults, in what order")
    parser.addoption("--seconds", type=float, default=600, help="how long faults are made")


STORM = pytest.StashKey()


def small(folder, size):
    """A script that moves a folder to a small file system, which can be filled and be read-only as a whole."""
    return f"""mountpoint -q {folder} || {{
      tar -C {folder} -cf /var/tmp/e2e-small.tar .
      mount -t tmpfs -o size={size},nr_inodes=1500,mode=$(stat -c %a {folder}) tmpfs {folder}
      tar -C {folder} -xpf /var/tmp/e2e-small.tar; rm /var/tmp/e2e-small.tar
    }}"""


@pytest.fixture(scope="session")
def small_disks(server):
    """labgpu's state and Docker's are on disks that can be filled in a moment."""
    server.sh(
        f"""set -e
        systemctl stop {UNITS} docker.socket docker.service
        {small(STATE, "8m")}
        {small(DOCKER_STATE, "16m")}
        systemctl start docker.socket docker.service {SOCKETS} labgpud.service""",
        timeout=120,
    )
    server.wait_for_docker()


@pytest.fixture(scope="session")
def other_time(server, tmp_path_factory):
    """What tells the helper another time, built and on the server."""
    source = pathlib.Path(__file__).parents[2] / "support" / "other_time.cc"
    path = tmp_path_factory.mktemp("time") / "other_time.so"
    run(["c++", "-std=c++20", "-O1", "-shared", "-fPIC", "-o", path, source], timeout=120).ok()
    server.write(OTHER_TIME, path.read_bytes())


@pytest.fixture(scope="session")
def storm(request, server, laptop, small_disks, other_time):
    """The storm, when it is over."""
    seed, seconds = request.config.getoption("--seed"), request.config.getoption("--seconds")
    folder = laptop.directory / "faults"
    folder.mkdir()
    people = gather(server, laptop)
    tally = Tally()
    made = Storm(server, people, tally, seed, seconds, folder)
    request.config.stash[STORM] = made
    made.blow()
    return made


def pytest_terminal_summary(terminalreporter, config):
    storm = config.stash.get(STORM, None)
    if storm is None:
        return
    terminalreporter.section("faults")
    terminalreporter.line(f"--seed {config.getoption('--seed')} --seconds {config.getoption('--seconds'):.0f}")
    for line in storm.tally.report():
        terminalreporter.line(line)
