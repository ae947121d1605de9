# One test host, one container, pairs of starts; prints medians in milliseconds.
import pathlib
import shutil
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "e2e"))

from client import Laptop  # noqa: E402  (after the path)
from people import add_user  # noqa: E402
from server import TESTHOST, Server  # noqa: E402

NAME = "bench_container"
STOP = f"docker stop {NAME} >/dev/null"


def timed_on_host(server, script):
    """Milliseconds that a script takes there, without the way into the host."""
    words = server.sh(f"begun=$(date +%s%N); {script} >/dev/null; echo $begun $(date +%s%N)").text.split()
    return (int(words[1]) - int(words[0])) / 1e6


def docker_start(server, _):
    return timed_on_host(server, f"docker start {NAME} >/dev/null; docker exec {NAME} true")


def login(_, client):
    begun = time.monotonic()
    client.ssh("true").ok()
    return (time.monotonic() - begun) * 1e3


def warm_login(server, client):
    client.ssh("true").ok()
    return login(server, client)


def main(release, packages, pairs=25):
    directory = pathlib.Path("/tmp/labgpu-bench")
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(mode=0o700)
    laptop = Laptop(directory)
    server = Server(f"bench-{release}", release, pathlib.Path(packages).resolve(), TESTHOST)
    server.up()
    try:
        server.prepare()
        laptop.meet(server)
        server.install().ok()
        server.load_user_image()
        server.labgpu("setup").ok()
        client = add_user(server, laptop, "bench")
        client.ssh("true").ok()
        print(server.sh("uname -srm; docker version -f 'Docker {{.Server.Version}}'; nproc").text.replace("\n", ", "))
        ways = {"docker start and exec": docker_start, "login to a stopped container": login}
        times = {way: [] for way in ways}
        times["login to a running one"] = [warm_login(server, client) for _ in range(int(pairs))]
        for _ in range(int(pairs)):
            for way, measure in ways.items():
                server.sh(STOP)
                times[way].append(measure(server, client))
        for way, found in times.items():
            quarters = statistics.quantiles(found, n=4)
            print(f"{way:32} {quarters[1]:7.0f} ms   quarters {quarters[0]:.0f} to {quarters[2]:.0f}, of {len(found)}")
        docker, stopped, running = (statistics.median(found) for found in times.values())
        print(f"a login waits for its container: {stopped - running:.0f} ms; Docker alone takes {docker:.0f} ms")
    finally:
        server.down()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
