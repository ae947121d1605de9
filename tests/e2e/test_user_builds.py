# `labgpu build`: a user's own ~/.labgpu/Dockerfile becomes the image that containers are made from, or nothing changes.
import re

import pytest

from processes import wait_until
from settings import container_status, set_user

pytestmark = pytest.mark.either_release

BASE = "FROM labgpu/default:latest\n"


def write_recipe(server, user, text, name="Dockerfile"):
    server.write(f"/home/{user.user}/.labgpu/{name}", text.encode(), owner=user.user)


def build(server, user):
    return server.labgpu("build", user.user, timeout=180)


def image_of(server, user):
    return server.labgpu_json("user", "show", user.user)["user"]["settings"]["image"]


@pytest.fixture
def builder(server, new_user):
    """An account whose builds go with it."""
    user = new_user()
    yield user
    server.sh(
        f"docker ps -aq --filter name='^{user.user}_container$' | xargs -r docker rm -f\n"
        f"docker images --format '{{{{.Repository}}}}:{{{{.Tag}}}}' labgpu/build/{user.user} | xargs -r docker rmi -f"
    )


def test_a_build_is_what_the_container_is_made_from(server, builder):
    builder.ssh("true").ok()
    write_recipe(server, builder, "数据\n", "data")
    write_recipe(server, builder, BASE + "COPY data /data\nRUN echo at the step; cat /data >/copy; id -u >>/copy\n")
    built = build(server, builder).ok()
    assert "at the step" in built.error
    image = image_of(server, builder)
    assert re.fullmatch(rf"labgpu/build/{builder.user}:\d{{8}}-\d{{6}}(-2)*", image)
    assert f"{builder.user}: built {image}, " in built.text
    assert f"labgpu rebuild {builder.user}" in built.text
    assert container_status(server, builder)["needsRebuild"] == ["image"]
    assert builder.ssh("cat /copy").status != 0, "the container that is there stays"
    server.sh(f"docker rm -f {builder.user}_container")
    assert builder.ssh("cat /copy").ok().text == "数据\n0"
    assert container_status(server, builder)["needsRebuild"] == []


def test_a_build_that_fails_changes_nothing(server, builder):
    before = image_of(server, builder)
    write_recipe(server, builder, BASE + "RUN echo nearly; exit 9\n")
    failed = build(server, builder).failed()
    assert "nearly" in failed.error and "the build failed: " in failed.error and "code: 9" in failed.error
    assert image_of(server, builder) == before
    assert server.sh(f"docker images -q labgpu/build/{builder.user}").text == ""


def test_nobody_s_build_reaches_the_server(server, builder):
    server.sh("systemd-run -q --unit=e2e-secret python3 -m http.server --bind 127.0.0.1 8931")
    try:
        for recipe, said in {
            BASE + "ADD http://127.0.0.1:8931/ /x\n": "ADD takes plain names",
            BASE + 'ARG U=http://127.0.0.1:8931/\nADD "$U" /x\n': "ADD takes plain names",
            BASE + "RUN --mount=type=bind,from=labgpu/default,target=/m true\n": "RUN takes no flags",
            BASE + "RUN wget -q -T 3 -t 1 -O /x http://127.0.0.1:8931/\n": "the build failed",
        }.items():
            write_recipe(server, builder, recipe)
            assert said in build(server, builder).failed().error
        server.sh(f"rm -r /home/{builder.user}/.labgpu; ln -s /etc /home/{builder.user}/.labgpu")
        assert "neither a link nor a mount" in build(server, builder).failed().error
    finally:
        server.sh("systemctl stop e2e-secret")


def test_ctrl_c_ends_the_build(server, builder):
    write_recipe(server, builder, BASE + "RUN sleep 81941\n")
    server.sh(f"systemd-run -q --unit=e2e-build labgpu build {builder.user}")
    wait_until(lambda: server.try_sh("pgrep -xf 'sleep 81941'").status == 0, 60, "the step")
    assert "is under way already" in build(server, builder).failed().error
    server.sh("systemctl kill -s INT e2e-build")
    wait_until(lambda: server.try_sh("pgrep -xf 'sleep 81941'").status == 1, 20, "the end of the step")
    wait_until(lambda: server.sh("docker ps -q --filter status=running --no-trunc | xargs -r docker inspect "
                                 "-f '{{.Config.Cmd}}' | grep -c 81941 || true").text == "0", 20, "its container's end")
    write_recipe(server, builder, BASE + "ENV A=b\n")
    build(server, builder).ok()


def test_who_may_build_and_how_much(server, builder):
    write_recipe(server, builder, BASE + "RUN true\n")
    set_user(builder, server, "builds=no")
    assert "may not build images" in build(server, builder).failed().error
    set_user(builder, server, "builds=", "build_context=1m")
    server.sh(f"head -c 2M /dev/zero >/home/{builder.user}/.labgpu/large")
    assert "~/.labgpu/large is too large" in build(server, builder).failed().error
    server.sh(f"rm /home/{builder.user}/.labgpu/large")
    set_user(builder, server, "build_size=1m")
    assert "is refused and deleted" in build(server, builder).failed().error
    assert server.sh(f"docker images -q labgpu/build/{builder.user}").text == ""


@pytest.mark.long
def test_two_builds_are_kept_and_a_purge_takes_them(server, builder):
    for number in range(4):
        write_recipe(server, builder, BASE + f"ENV NUMBER={number}\n")
        build(server, builder).ok()
    kept = server.sh(f"docker images --format '{{{{.Tag}}}}' labgpu/build/{builder.user}").text.split()
    assert len(kept) == 2 and f"labgpu/build/{builder.user}:{max(kept)}" == image_of(server, builder)
    assert builder.ssh("echo $NUMBER").ok().text == "3"
    server.labgpu("user", "remove", "--yes", "--purge", builder.user, timeout=120).ok()
    assert server.sh(f"docker images -q labgpu/build/{builder.user}").text == ""
