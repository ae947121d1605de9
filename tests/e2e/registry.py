# A registry on the server, fast on port 5000 and slow on 5001. Docker takes loopback addresses without TLS.
import itertools
import pathlib

from processes import wait_until

FAST, SLOW = "127.0.0.1:5000", "127.0.0.1:5001"
DIRECTORY = "/var/tmp/e2e-registry"
NUMBERS = itertools.count(1)

CONFIG = f"""version: 0.1
log:
  level: error
  accesslog:
    disabled: true
storage:
  filesystem:
    rootdirectory: {DIRECTORY}/data
http:
  addr: {FAST}
"""


class Registry:
    def __init__(self, server):
        self.server = server

    def start(self):
        proxy = pathlib.Path(__file__).with_name("slow_proxy.py").read_bytes()
        self.server.write(f"{DIRECTORY}/config.yml", CONFIG.encode())
        self.server.write(f"{DIRECTORY}/slow_proxy.py", proxy)
        self.set_rate(10**9)
        self.stop()
        for unit, command in {
            "e2e-registry": f"docker-registry serve {DIRECTORY}/config.yml",
            "e2e-proxy": f"python3 {DIRECTORY}/slow_proxy.py {DIRECTORY}/rate {DIRECTORY}/requests",
        }.items():
            self.server.sh(f"systemd-run -q --unit={unit} {command}")
        probe = "python3 -c 'import urllib.request as r; r.urlopen(\"http://{}/v2/\")'"
        for address in (FAST, SLOW):
            wait_until(lambda: self.server.try_sh(probe.format(address)).status == 0, 20, f"the registry {address}")

    def stop(self):
        self.server.try_sh("systemctl stop e2e-registry e2e-proxy")

    def remove(self):
        self.stop()
        self.server.sh(f"rm -rf {DIRECTORY}; docker images -q '{SLOW}/lab/*' | xargs -r docker rmi -f")

    def set_rate(self, bytes_per_second):
        self.server.sh(f"echo {bytes_per_second} >{DIRECTORY}/rate.new; mv {DIRECTORY}/rate.new {DIRECTORY}/rate")

    def push_image(self, layers=4, megabytes=1):
        """A new image that only the registry has, the users' default one with some layers more. Returns its name."""
        name = f"lab/image{next(NUMBERS)}:1"
        copies = "".join(f"COPY {layer} /opt/{layer}\n" for layer in range(layers))
        self.server.sh(
            f"""set -e; mkdir {DIRECTORY}/build; cd {DIRECTORY}/build
            for i in $(seq 0 {layers - 1}); do head -c {megabytes}M /dev/urandom >$i; done
            printf 'FROM labgpu/default:latest\\n%s' '{copies}' >Dockerfile
            DOCKER_BUILDKIT=0 docker build -q -t {FAST}/{name} . && docker push -q {FAST}/{name}
            docker rmi -f {FAST}/{name}; rm -r {DIRECTORY}/build""",
            timeout=120,
        )
        return f"{SLOW}/{name}"

    def pulls(self, image, since):
        """How many pulls of the image ended well since then, as Docker counts."""
        script = f"docker events --since {since} --until $(date +%s.%N) --filter event=pull --format '{{{{.ID}}}}'"
        return self.server.sh(script).text.split().count(image)

    def blob_requests(self, image):
        """The registry's blobs of the image that were asked for, each as often as it was."""
        name = image.split("/", 1)[1].rsplit(":", 1)[0]
        lines = self.server.sh(f"cat {DIRECTORY}/requests").text.splitlines()
        return [line for line in lines if line.startswith(f"GET /v2/{name}/blobs/")]
