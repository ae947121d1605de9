# The first login, whose container is stopped or does not exist yet, beside a login for which Docker itself did that.
import time

from measuring import Bench, login_milliseconds, milliseconds_on
from rows import AGAIN, HOST, LABGPU, Row
from ways import IMAGE

# The same container with Docker's own client: the image, the home and a directory for /tmp.
RUN = f"docker run -d --name bench-run --hostname bench-run -v {{home}}:{{home}} -v /var/tmp/bench-tmp:/tmp {IMAGE} sleep infinity"
GOAL = "≤ docker {command} and a login, + 50 ms"
# What the helper and Docker do when a container has gone is not the next login's.
PAUSE = 0.4


def rows(bench: Bench):
    ways = {way.name: way for way in bench.ways}
    boxed = ways[LABGPU]
    stop = f"docker stop -t 20 {boxed.container} >/dev/null"
    remove = f"docker rm -f {boxed.container} bench-run >/dev/null 2>&1 || true"
    kinds = (
        ("container stopped", "start", stop, f"docker start {boxed.container}"),
        ("container not created", "run", remove, RUN.format(home=boxed.home)),
    )
    for name, command, undo, docker in kinds:
        by_hand = {way: f"docker {command} and a login of {way}" for way in (HOST, AGAIN)}
        measures = {LABGPU: lambda undo=undo: _login_after(bench.server, undo, boxed.client)}
        for way, title in by_hand.items():
            measures[title] = lambda way=way, undo=undo, docker=docker: _login_by_hand(
                bench.server, undo, docker, ways[way].client
            )
        samples = bench.alternate(bench.size.starts, measures)
        yield Row(
            f"first login: {name}",
            "ms",
            GOAL.format(command=command),
            50.0,
            "difference",
            samples,
            base=by_hand[HOST],
            control=by_hand[AGAIN],
        )
    # Whatever comes next finds the container as it was.
    bench.server.sh(remove)
    boxed.client.ssh("true").ok()


def _login_after(server, undo, client):
    server.sh(undo)
    time.sleep(PAUSE)
    return login_milliseconds(client)


def _login_by_hand(server, undo, docker, client):
    server.sh(undo)
    time.sleep(PAUSE)
    return milliseconds_on(server, f"{docker} >/dev/null") + login_milliseconds(client)
