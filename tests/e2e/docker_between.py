# hostile_docker.py between the helper and Docker, for tests that say what it answers and about whom.
import contextlib
import json
import pathlib

PROXY, UNIT, SOCKET = "/var/tmp/e2e-hostile-docker.py", "e2e-hostile-docker", "/run/e2e-hostile-docker.sock"
RULE, LOG = "/var/tmp/e2e-hostile-docker.json", "/var/tmp/e2e-hostile-docker.log"
CONFIG = "/etc/labgpu/labgpu.json"


def about(server, user):
    """Matches every request that names this account or its container."""
    containers = server.containers_of(user.user)
    return "|".join([f"{user.user}(?![0-9])", *containers])


class DockerBetween:
    def __init__(self, server):
        self.server = server

    def start(self):
        """systemd holds the socket, so that it is there also while the proxy is not."""
        self.remove()
        program = pathlib.Path(__file__).with_name("hostile_docker.py").read_bytes()
        self.server.write(PROXY, program)
        self._answer("", "")
        self.server.sh(
            f"systemd-run -q --unit={UNIT} -p StartLimitIntervalSec=0 -p LimitNOFILE=65536"
            f" --socket-property=TriggerLimitIntervalSec=0 --socket-property=ListenStream={SOCKET} python3 {PROXY} {RULE} {LOG}"
        )

    def remove(self):
        units = f"{UNIT}.socket {UNIT}.service"
        self.server.try_sh(f"systemctl stop {units}; systemctl reset-failed {units}; rm -f {PROXY} {RULE} {LOG} {SOCKET}")

    def _answer(self, answer, whom):
        """Counts for requests from now on; what was asked before is broken off."""
        self.server.write(RULE, json.dumps({"answer": answer, "about": whom}).encode())
        self.server.sh(f"rm -f {LOG}; systemctl stop {UNIT}.service 2>/dev/null || true")

    @contextlib.contextmanager
    def answering(self, answer, whom):
        """Requests that match `whom` get that answer of hostile_docker.py's, until the end."""
        self._answer(answer, whom)
        try:
            yield
        finally:
            asked = self.asked()
            self._answer("", "")
        assert asked, f"nothing was asked that matches {whom}; that shows nothing"

    def asked(self):
        """The requests that were not answered well, each by its first line."""
        return self.server.try_sh(f"cat {LOG}").text.splitlines()


@contextlib.contextmanager
def docker_between(server, login_wait):
    """The helper's Docker is the proxy, and logins without a terminal wait so many seconds, until the end."""
    before = server.read(CONFIG)
    between = DockerBetween(server)
    between.start()
    server.write(CONFIG, json.dumps({"docker": {"socket": SOCKET}, "loginWaitSeconds": login_wait}).encode())
    server.sh("systemctl restart labgpud.service")
    try:
        yield between
    finally:
        server.write(CONFIG, before)
        server.sh("systemctl restart labgpud.service")
        between.remove()
