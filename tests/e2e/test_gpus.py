# GPUs are given as the setting says, in each of Docker's ways: what the hook, the runtime or CDI got, and what is inside.
import pytest

from gpus import MIG, UUID, gpus_offered, log_of, seen_inside
from settings import configuration, container_status, made_with, set_user

# Docker is restarted, and with it every container.
pytestmark = pytest.mark.destructive

ALL = [f"nvidia{number}" for number in range(4)]

# gpus= -> what NVIDIA_VISIBLE_DEVICES says, device nodes that the pretended hook makes
CHOICES = {
    "auto": ("all", ALL),
    "all": ("all", ALL),
    "count:2": ("0,1", ALL[:2]),
    "1": ("1", ["nvidia1"]),
    "0,3": ("0,3", ["nvidia0", "nvidia3"]),
    UUID: (UUID, []),
    f"0:1,{MIG}": (f"0:1,{MIG}", []),
}


@pytest.fixture(scope="module")
def hook(server):
    with gpus_offered(server, "hook"):
        yield server


@pytest.mark.parametrize("choice", CHOICES)
def test_by_device_request(hook, new_user, choice):
    visible, nodes = CHOICES[choice]
    user = made_with(hook, new_user, f"gpus={choice}")
    assert seen_inside(user) == (nodes, visible)
    told = log_of(hook, user)
    assert told[:2] == ["hook", visible]
    assert told[-1] == "prestart"
    assert container_status(hook, user)["needsRebuild"] == []


def test_none_by_device_request(hook, new_user):
    user = made_with(hook, new_user, "gpus=none")
    assert seen_inside(user) == ([], "void")
    assert log_of(hook, user) == []


def test_a_change_of_gpus_needs_a_rebuild(hook, new_user):
    user = made_with(hook, new_user, "gpus=0")
    assert seen_inside(user) == (["nvidia0"], "0")
    set_user(user, hook, "gpus=1")
    assert container_status(hook, user)["needsRebuild"] == ["gpus"]
    hook.labgpu("restart", user.user).ok()
    assert seen_inside(user) == (["nvidia0"], "0")
    hook.sh(f"docker rm -f {user.user}_container")
    assert seen_inside(user) == (["nvidia1"], "1")
    assert container_status(hook, user)["needsRebuild"] == []


@pytest.fixture(scope="module")
def runtime(server):
    with gpus_offered(server, "runtime"):
        yield server


@pytest.mark.parametrize("choice", ["auto", "count:3", "0,3", MIG])
def test_by_runtime(runtime, new_user, choice):
    visible = {"auto": "all", "count:3": "0,1,2"}.get(choice, choice)
    user = made_with(runtime, new_user, f"gpus={choice}")
    assert seen_inside(user) == ([], visible)
    assert log_of(runtime, user) == ["runtime", visible, "all"]


def test_none_by_runtime(runtime, new_user):
    user = made_with(runtime, new_user, "gpus=none")
    assert seen_inside(user) == ([], "void")
    assert log_of(runtime, user) == []


def test_no_gpus_although_the_image_asks_for_all(server, new_user):
    """NVIDIA's images do; where its runtime is Docker's default, that alone would give them."""
    server.sh("printf 'FROM labgpu/default:latest\\nENV NVIDIA_VISIBLE_DEVICES=all\\n' | docker build -t lab/e2e-cuda -")
    with gpus_offered(server, "runtime", default_runtime="nvidia"):
        user = made_with(server, new_user, "gpus=none", "image=lab/e2e-cuda")
        assert seen_inside(user) == ([], "void")
        assert log_of(server, user)[:2] == ["runtime", "void"]


@pytest.fixture(scope="module")
def cdi(server):
    if server.release == "bookworm":
        pytest.skip("CDI came with Docker 25")
    with gpus_offered(server, "cdi", "hook", "runtime"):
        yield server


@pytest.mark.parametrize("choice", CHOICES)
def test_by_cdi(cdi, new_user, choice):
    nodes = {UUID: [f"nvidia-{UUID}"], f"0:1,{MIG}": ["nvidia-0-1", f"nvidia-{MIG}"]}.get(choice, CHOICES[choice][1])
    user = made_with(cdi, new_user, f"gpus={choice}")
    assert seen_inside(user) == (nodes, "void")
    assert log_of(cdi, user) == []


def test_none_by_cdi(cdi, new_user):
    user = made_with(cdi, new_user, "gpus=none")
    assert seen_inside(user) == ([], "void")


def test_a_gpu_that_is_not_there_is_said_and_corrected(cdi, new_user):
    user = made_with(cdi, new_user, "gpus=7")
    assert "nvidia.com/gpu=7" in user.ssh("true").failed().error
    set_user(user, cdi, "gpus=0")
    assert seen_inside(user) == (["nvidia0"], "void")


def test_the_administrator_may_choose_the_way(cdi, new_user):
    with configuration(cdi, {"gpuAccess": "runtime"}) as reloaded:
        reloaded.ok()
        user = made_with(cdi, new_user, "gpus=0,1")
        assert seen_inside(user) == ([], "0,1")
        assert log_of(cdi, user) == ["runtime", "0,1", "all"]
        assert container_status(cdi, user)["needsRebuild"] == []
    # It was given in another way than it would be now.
    assert container_status(cdi, user)["needsRebuild"] == ["gpus"]


def test_gpus_where_there_are_none(server, new_user):
    user = made_with(server, new_user, "gpus=auto")
    assert seen_inside(user) == ([], "void")
    for choice in ("all", "count:1", "0"):
        insists = made_with(server, new_user, f"gpus={choice}")
        assert f"(gpus={choice}), but Docker here offers none" in insists.ssh("true").failed().error
    with gpus_offered(server, "hook"):
        # gpus_offered() removed the container at its end only: this one was made without GPUs.
        assert container_status(server, user)["needsRebuild"] == ["gpus"]
