# The server and the people that the tests share. Run: pytest --release bookworm --packages DIR tests/e2e
import itertools
import json
import pathlib
import shutil
import signal

import pytest

from client import Client, Laptop
from people import add_user
from processes import run
from sanitised import fail_when_reported, fail_when_reported_at_the_end
from server import CAROL_PASSWORD, HOME_MARKER, MARKER, TESTHOST, Server
from watch import LoginWatch


def pytest_addoption(parser):
    parser.addoption("--release", default="bookworm", choices=["bookworm", "trixie"], help="Debian of the server")
    parser.addoption("--packages", default="build/packages", help="directory with labgpu's .deb files for it")
    parser.addoption("--testhost", default=TESTHOST, help="makes the server: testhost.sh, or vmhost.sh of tests/vm")
    parser.addoption("--name", default="e2e", help="prefix of the server's name; runs at the same time need two")
    parser.addoption("--either", choices=["first", "second"], help="leave the other half of `either_release` out")
    parser.addoption("--logins", type=int, default=200, help="how many the soak makes")
    parser.addoption("--terminals", type=int, default=20, help="how many the soak makes")
    parser.addoption("--sanitised", action="store_true", help="the packages are those of sanitised_packages.sh")
    parser.addoption("--keep", action="store_true", help="leave the server running, and use it when it runs already")


def pytest_configure():
    """A shell's job in the background ignores Ctrl-C, and so would every client that it starts."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_ignore_collect(collection_path, config):
    """What shows that reports are noticed needs daemons that report."""
    if collection_path.name == "test_sanitised.py" and not config.getoption("sanitised"):
        return True


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """By then -m and -k have been, so that both releases count the same tests."""
    half = config.getoption("--either")
    if half:
        shared = [item for item in items if item.get_closest_marker("either_release")]
        others_turn = set(shared[half == "first" :: 2])
        config.hook.pytest_deselected(items=list(others_turn))
        items[:] = [item for item in items if item not in others_turn]
    items.sort(key=disturbance)


def disturbance(item):
    """What disturbs the host comes after all others, and last of all what leaves no labgpu."""
    marker = item.get_closest_marker("destructive")
    return 0 if marker is None else 2 if marker.kwargs.get("removes_labgpu") else 1


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows what the server had to say."""
    outcome = yield
    report = outcome.get_result()
    server = item.session.stash.get(SERVER, None)
    if report.failed and server is not None:
        report.sections.append(("the server's journal", server.journal()))


SERVER = pytest.StashKey()


def server_name(config):
    return f"{config.getoption('name')}-{config.getoption('release')}"


@pytest.fixture(scope="session")
def laptop(request):
    directory = pathlib.Path("/tmp/labgpu-" + server_name(request.config))
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(mode=0o700)
    yield Laptop(directory)
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def bare_server(request, laptop):
    """The server as it was before labgpu: booted, with root's key and the host account carol."""
    packages = pathlib.Path(request.config.getoption("packages")).resolve()
    if not list(packages.glob("*.deb")):
        pytest.exit(f"no packages in {packages}; run: ./test.sh packages", 2)
    keep = request.config.getoption("keep")
    testhost = pathlib.Path(request.config.getoption("testhost")).resolve()
    server = Server(server_name(request.config), request.config.getoption("release"), packages, testhost)
    request.session.stash[SERVER] = server
    if not (keep and server.exists()):
        server.up()
    server.prepare()
    laptop.meet(server)
    for name, home in (("root", "/root"), ("carol", "/home/carol")):
        server.write(f"{home}/.ssh/authorized_keys", Client(laptop, name).public_key.encode(), owner=name)
    yield server
    if request.config.getoption("sanitised"):
        fail_when_reported_at_the_end(server)
    if not keep:
        server.down()


@pytest.fixture(autouse=True)
def nothing_reported(request):
    """A sanitised daemon had nothing to report during the test, and at its own end."""
    yield
    server = request.session.stash.get(SERVER, None)
    if request.config.getoption("sanitised") and server is not None:
        fail_when_reported(server)


@pytest.fixture(scope="session")
def before_labgpu(bare_server, root, carol):
    """What logins to host accounts looked like, and the files that decide about them."""
    if bare_server.has_labgpu():  # --keep
        return json.loads(bare_server.read(BASELINE))
    found = {
        "files": bare_server.login_files(),
        "root": root.describe_login(),
        "carol": carol.describe_login(),
    }
    bare_server.write(BASELINE, json.dumps(found).encode())
    return found


@pytest.fixture(scope="session")
def first_install(bare_server, before_labgpu, root, carol):
    """labgpu installed and set up as README.md says, while others log in; yields the LoginWatch."""
    if bare_server.has_labgpu():  # --keep
        bare_server.forget_users()
    with LoginWatch(root, carol) as watch:
        bare_server.install().ok()
        bare_server.set_login_wait()
        bare_server.load_user_image()
        bare_server.labgpu("setup").ok()
    return watch


@pytest.fixture(scope="session")
def server(bare_server, first_install):
    return bare_server


@pytest.fixture(scope="session")
def root(laptop, bare_server):
    return Client(laptop, "root")


@pytest.fixture(scope="session")
def carol(laptop, bare_server):
    """An ordinary account of the host, in the same group of no one."""
    return Client(laptop, "carol")


@pytest.fixture(scope="session")
def carol_by_password(laptop, bare_server):
    return Client(laptop, "carol", CAROL_PASSWORD)


@pytest.fixture(scope="session")
def alice(server, laptop):
    return add_user(server, laptop, "alice")


@pytest.fixture(scope="session")
def bob(server, laptop):
    return add_user(server, laptop, "bob")


@pytest.fixture(scope="session")
def tool_image(server):
    """An image with every program that the host itself has for the tests. Returns its name."""
    if server.try_sh(f"docker image inspect {TOOL_IMAGE}").status != 0:
        tarball = server.testhost("user-image", server.release, "tools", timeout=900).ok().text
        server.testhost("copy", tarball, f"{server.name}:/var/tmp/tools.tar", timeout=120).ok()
        server.sh(f"docker import /var/tmp/tools.tar {TOOL_IMAGE} && rm /var/tmp/tools.tar", timeout=240)
    return TOOL_IMAGE


@pytest.fixture
def new_user(server, laptop):
    """Makes accounts for one test: new_user() or new_user("--image", "x"); they go when it ends."""
    made = []

    def make(*options):
        name = f"user{next(NUMBERS)}"
        made.append(name)
        return add_user(server, laptop, name, *options)

    yield make
    for name in made:
        server.labgpu("user", "remove", "--yes", name)
        server.sh(f"docker ps -aq --filter name='^{name}_container$' | xargs -r docker rm -f")


NUMBERS = itertools.count(1)
BASELINE = "/var/tmp/e2e-baseline.json"
TOOL_IMAGE = "labgpu-tools"


@pytest.fixture
def no_marker(server):
    """Nothing escaped before the test, and nothing by its end."""
    markers = f"{MARKER} /home/*/{HOME_MARKER}"
    server.sh(f"rm -f {markers}")
    yield
    escaped = server.try_sh(f"ls -l {markers} | grep . && {{ cat {markers}; true; }}")
    server.sh(f"rm -f {markers}")
    assert escaped.status != 0, f"a program of the user's ran on the host: {escaped.text}"


NVML = "/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1"


@pytest.fixture(scope="session")
def nvml(tmp_path_factory):
    """The driver's library, a pretended one, built."""
    source = pathlib.Path(__file__).parents[1] / "support" / "fake_nvml.cc"
    path = tmp_path_factory.mktemp("nvml") / "libnvidia-ml.so.1"
    run(["c++", "-std=c++20", "-O1", "-shared", "-fPIC", "-o", path, source], timeout=120).ok()
    return path.read_bytes()


@pytest.fixture
def driver(server, nvml):
    """Gives the server a driver; what is called with a description (tests/support/fake_nvml.cc) says what it tells."""
    server.write(NVML, nvml)
    yield lambda text: server.write("/etc/fake-nvml", text.encode())
    server.sh(f"rm -f {NVML} /etc/fake-nvml")


@pytest.fixture
def frozen_docker(server):
    """Docker answers nobody; yields the function that lets it go on."""

    def thaw():
        server.sh("pkill -CONT -x dockerd")

    server.sh("pkill -STOP -x dockerd")
    yield thaw
    thaw()
