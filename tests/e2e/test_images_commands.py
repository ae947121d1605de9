# `labgpu image list`, `pull`, `build` and `default`: which images there are, and which one new containers are made from.
import pytest

from settings import CONFIG, configuration

pytestmark = pytest.mark.either_release

RECIPE = "/var/tmp/e2e-recipe"
COMMENTED = """// kept
{ "profiles": { "phd": { "image": "lab/phd:1" } }, // kept too
  "defaults": { /* and this */ "maxSessions": 50 } }
"""


@pytest.fixture
def recipe(server):
    server.write(f"{RECIPE}/Dockerfile", b"ARG WORD=none\nFROM labgpu/default:latest\nARG WORD\nRUN echo $WORD >/word\n")
    yield RECIPE
    server.sh(f"rm -r {RECIPE}; docker rmi -f labgpu/e2e-recipe:latest lab/e2e:1")


def images(server):
    return {image["name"]: image for image in server.labgpu_json("image", "list")["images"]}


def test_the_list_has_what_settings_name_and_what_was_made_here(server, new_user):
    user = new_user("--image", "lab/nowhere:1")
    with configuration(server, COMMENTED) as reloaded:
        reloaded.ok()
        listed = images(server)
        table = server.labgpu("image", "list").ok().text.splitlines()
    default = listed["labgpu/default:latest"]
    assert default["isDefault"] and default["bytes"] > 10**7 and default["id"].startswith("sha256:")
    assert listed["lab/nowhere:1"]["users"] == [user.user] and "id" not in listed["lab/nowhere:1"]
    assert listed["lab/phd:1"]["profiles"] == ["phd"]
    assert table[0].split() == "IMAGE ID SIZE MADE USED BY".split()
    assert any(line.split()[:3] == ["lab/nowhere:1", "not", "here"] for line in table), table


def test_an_image_is_built_and_becomes_the_default(server, new_user, recipe):
    built = server.labgpu("image", "build", recipe, "--build-arg", "WORD=hello", timeout=120).ok()
    assert built.text.startswith("labgpu/e2e-recipe:latest sha256:"), built
    with configuration(server, COMMENTED) as reloaded:
        reloaded.ok()
        said = server.labgpu("image", "default", "labgpu/e2e-recipe").ok().text
        assert said.startswith("labgpu/e2e-recipe: new containers are made from it")
        text = server.read(CONFIG).decode()
        assert text == COMMENTED.replace("{ /*", '{\n    "image": "labgpu/e2e-recipe", /*')
        assert images(server)["labgpu/e2e-recipe:latest"]["isDefault"]
        user = new_user()
        assert user.ssh("cat /word").ok().text == "hello"
        server.labgpu("user", "remove", "--yes", "--purge", user.user).ok()


def test_a_recipe_that_fails_names_no_image(server, recipe):
    server.write(f"{recipe}/Dockerfile", b"FROM labgpu/default:latest\nRUN exit 7\n")
    result = server.labgpu("image", "build", recipe, "--tag", "lab/e2e:1", timeout=120).failed()
    assert "docker could not build lab/e2e:1" in result.error
    assert server.try_sh("docker image inspect lab/e2e:1").status != 0


def test_a_default_that_is_not_here_is_refused(server):
    before = server.read(CONFIG)
    refused = server.labgpu("image", "default", "lab/nowhere:1").failed()
    assert "there is no image lab/nowhere:1 on this server" in refused.error
    refused = server.labgpu("image", "default", "--pull", "127.0.0.1:1/lab/nowhere:1").failed()
    assert "connection refused" in refused.error
    assert server.read(CONFIG) == before


def test_what_is_made_here_is_not_fetched(server):
    assert "is not fetched" in server.labgpu("image", "pull", "labgpu/other").failed().error
    assert "connection refused" in server.labgpu("image", "pull", "127.0.0.1:1/lab/x:1").failed().error


def test_the_recipe_for_gpu_work_is_there(server):
    server.sh("cd /usr/share/labgpu/images/cuda && test -e README.md && test -e Dockerfile && test -x setup/motd")
