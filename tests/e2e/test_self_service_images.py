# A user builds an image, makes snapshots, goes back to one and takes one away, all by `ssh HOST labgpu ...`.
import pytest

pytestmark = pytest.mark.either_release

DOCKERFILE = "FROM labgpu/default:latest\\nRUN touch /etc/built\\n"


@pytest.fixture
def builder(new_user):
    user = new_user()
    user.ssh(f"sudo touch /etc/mark; mkdir .labgpu; printf '{DOCKERFILE}' >.labgpu/Dockerfile").ok()
    return user


def marks(user):
    return set(user.ssh("ls -d /etc/mark /etc/built 2>/dev/null; true").ok().text.split())


def test_their_own_image_and_the_way_back(builder):
    assert "one" in builder.ssh("labgpu snapshot --name one").ok().text
    built = builder.ssh("labgpu build").ok()
    assert b"Step 2/3 : RUN touch /etc/built" in built.err
    assert "needs a rebuild" in built.text
    assert marks(builder) == {"/etc/mark"}

    unasked = builder.ssh("labgpu rebuild --fresh")
    assert unasked.status == 2
    assert b"say --yes" in unasked.err
    assert marks(builder) == {"/etc/mark"}

    builder.ssh("labgpu rebuild --fresh --yes").ok()
    assert marks(builder) == {"/etc/built"}
    builder.ssh("labgpu restore one --yes").ok()
    assert marks(builder) == {"/etc/mark"}
    assert len(builder.ssh("labgpu snapshots").ok().text.splitlines()) == 3, "one, and what the restore kept"


def test_an_export_is_theirs_and_loads(server, builder):
    builder.ssh("labgpu export all.tar").ok()
    assert builder.ssh("stat -c '%U %a' all.tar").ok().text == f"{builder.user} 600"
    home = server.sh(f"getent passwd {builder.user} | cut -d: -f6").text
    assert "Loaded image" in server.sh(f"docker load -q -i {home}/all.tar").text
