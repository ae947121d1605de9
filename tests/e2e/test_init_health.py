# A container whose init hangs or was replaced: a login says so in time, and so does labgpu status.
import pytest

from kept import check_kept, settle
from settings import container_status

pytestmark = pytest.mark.either_release


def test_an_init_that_hangs(server, new_user):
    user = settle(new_user())
    assert container_status(server, user)["answers"] is True
    server.sh(f"kill -STOP {server.init_pid(user.user)}")
    for options in ([], ["-tt"]):
        result = user.ssh("true", *options).failed()
        said = (result.out + result.err).decode()
        assert "your container runs, but its labgpu-init does not answer" in said, result
        assert f"labgpu restart {user.user}" in said, result
        assert result.status == 75 and result.seconds < 14, result
    assert container_status(server, user)["answers"] is False
    status = server.labgpu("status", user.user).ok().text
    assert f"does not answer, so nobody can log in; `labgpu restart {user.user}`" in status
    assert "silent" in server.labgpu("log", user.user).ok().text
    server.labgpu("restart", user.user).ok()
    check_kept(user)
    assert container_status(server, user)["answers"] is True


def test_an_init_that_comes_to_itself(server, new_user):
    user = settle(new_user())
    pid = server.init_pid(user.user)
    server.sh(f"kill -STOP {pid}; (sleep 3; kill -CONT {pid}) >/dev/null 2>&1 &")
    check_kept(user)


def test_something_else_in_its_place(server, new_user):
    user = settle(new_user())
    user.ssh("sudo -n sh -c 'rm /.labgpu/run/init.sock; echo mine >/.labgpu/run/init.sock'").ok()
    result = user.ssh("true").failed()
    assert "something else is at /.labgpu/run/init.sock than labgpu-init" in result.error, result
    assert container_status(server, user)["answers"] is False
    server.labgpu("restart", user.user).ok()
    check_kept(user)
