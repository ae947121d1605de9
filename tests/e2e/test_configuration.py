# labgpu.json: mistakes name line and key, a reload takes what is right, and a bad one changes nothing.
import pytest

from processes import wait_until
from settings import CONFIG, configuration, reload, set_user

pytestmark = pytest.mark.either_release

LABGPUD = "/usr/libexec/labgpu/labgpud"

MISTAKES = {
    "syntax": ('{\n "defaults": {\n', "line 3"),
    "unknown-key": ('{\n "colour": 1\n}', "line 2: colour is not a known field; there are: allowCapabilities, "),
    "unknown-setting": ('{"defaults": {\n "ram": "1g"}}', "line 2: defaults.ram is not a known field; there are: buildContext"),
    "wrong-type": ('{"defaults": {\n\n "image": 5}}', "line 3: defaults.image must be a text"),
    "twice": ('{"defaults": {},\n "defaults": {}}', "line 2: defaults is there already, in line 1"),
    "memory-12x": ('{"defaults": {\n "memory": "12x"}}', 'line 2: defaults.memory "12x" must be a size such as 8g'),
    "memory-too-small": ('{"defaults": {"memory": "1m"}}', "line 1: defaults.memory is below 6m"),
    "mount": ('{"profiles": {"phd": {\n"mounts": ["/etc:/x"]}}}', "line 2: profiles.phd.mounts cannot have /etc"),
    "docker-socket": ('{"defaults": {"mounts": ["/run/docker.sock"]}}', "defaults.mounts cannot have /run/docker.sock"),
    "cpus": ('{"profiles": {"big": {"cpus": 9999}}}', "profiles.big: cpus 9999 is more than this server has"),
    "capability": ('{"defaults": {"capAdd": ["SYS_ADMIN"]}}', "defaults.capAdd cannot have SYS_ADMIN"),
    "gpu-access": ('{"gpuAccess": "usb"}', "gpuAccess must be one of: auto, cdi, device-request, runtime, none"),
}


def image_of(server, user):
    return server.labgpu_json("user", "show", user)["user"]["settings"]["image"]


@pytest.mark.parametrize("case", MISTAKES)
def test_a_bad_configuration_is_refused_and_the_last_good_one_stays(server, alice, case):
    text, complaint = MISTAKES[case]
    helper = server.helper_pid()
    with configuration(server, text) as reloaded:
        reloaded.failed()
        checked = server.try_sh(f"{LABGPUD} --check-config {CONFIG}").failed()
        assert checked.error.startswith(f"{CONFIG}: ")
        assert complaint in checked.error
        assert len(checked.error.splitlines()) == 1
        # Also when somebody sends the signal themselves.
        server.sh(f"kill -HUP {helper}")
        said = f"the configuration stays what it was: {CONFIG}: "
        wait_until(lambda: complaint in last_words(server, said), 10, "the helper's complaint")
        assert image_of(server, "alice") == "labgpu/default:latest"
        assert alice.ssh("hostname").ok().text == "alice-VM"
        assert "the last good configuration is in force" in server.sh("systemctl show -p StatusText labgpud").text
    assert server.helper_pid() == helper
    assert server.sh("systemctl show -p StatusText --value labgpud").text == ""


def last_words(server, start):
    script = "journalctl -q --no-pager -u labgpud -o cat -n 60"
    lines = [line for line in server.sh(script).text.splitlines() if line.startswith(start)]
    return lines[-1] if lines else ""


def test_a_reload_takes_what_is_right_while_sessions_go_on(server, new_user):
    user = new_user()
    with user.background("echo ready; exec sleep 600") as session:
        session.expect(b"ready")
        helper = server.helper_pid()
        init = server.init_pid(user.user)
        with configuration(server, {"defaults": {"image": "other:1", "pids": 222, "login": "root"}}) as reloaded:
            reloaded.ok()
            assert image_of(server, user.user) == "other:1"
            wait_until(lambda: "222" in user.ssh("cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max").text, 10, "pids")
            assert user.ssh("id -un").ok().text == "root"
            assert f"{user.user}: needs a rebuild" in server.labgpu("status").ok().text
        assert image_of(server, user.user) == "labgpu/default:latest"
        assert server.init_pid(user.user) == init
        assert server.helper_pid() == helper
        assert session.process.poll() is None


def test_a_profile_in_use_must_stay(server, new_user):
    user = new_user()
    with configuration(server, {"profiles": {"phd": {}}}) as reloaded:
        reloaded.ok()
        set_user(user, server, "profile=phd")
        server.write(CONFIG, b"{}")
        refused = reload(server).failed()
        checked = server.try_sh(f"{LABGPUD} --check-config").failed()
        assert f'profiles must have "phd", which is the profile of {user.user}' in checked.error
        assert refused.status != 0
        assert user.ssh("hostname").ok().text == f"{user.user}-VM"
        set_user(user, server, "profile=")
        reload(server).ok()


def test_a_right_file_is_said_to_be_right(server):
    assert server.sh(f"{LABGPUD} --check-config").text == f"{CONFIG} is right"
