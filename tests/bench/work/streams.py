# One session that sends or receives a lot, and what labgpu's own processes do meanwhile.
import collections
import re

from measuring import Bench, read_exactly, seconds_of, write_zeros
from rows import LABGPU, Row

# The session stays until its input ends, so that its processes can still be asked for their time.
OUT = "head -c {count} /dev/zero; cat"
IN = "head -c {count} >/dev/null; echo done; cat"
COUNTER = re.compile(r"/proc/(\d+)/task/(\d+)/(comm|schedstat):(.*)")


def rows(bench: Bench):
    for name, command, transfer in (("out of a session", OUT, _receive), ("into a session", IN, _send)):
        shares = []
        amount = f"{bench.size.streamed >> 20} MiB"
        yield from bench.compare(
            f"{amount} {name}",
            "s",
            1.02,
            bench.size.streams,
            lambda way: _transfer(bench, way, command, transfer, shares),
        )
        counted = shares[-bench.size.streams :]  # without the round that warms up
        yield Row(
            f"{amount} {name}: processor time of labgpu's own processes, of sshd's",
            "%",
            "≤ 1 %",
            1.0,
            "value",
            {LABGPU: counted},
        )


def _transfer(bench, way, command, transfer, shares):
    before = _processor_times(bench.server) if way.name == LABGPU else None
    with way.client.background(command.format(count=bench.size.streamed)) as session:
        process = session.process
        seconds = seconds_of(lambda: transfer(process, bench.size.streamed))
        if before is not None:
            shares.append(_share(before, _processor_times(bench.server)))
        session.finish().ok()
    return seconds


def _receive(process, count):
    read_exactly(process.stdout, count)


def _send(process, count):
    write_zeros(process.stdin, count)
    read_exactly(process.stdout, len("done\n"))


def _share(before, after):
    used = collections.Counter()
    for thread, (program, nanoseconds) in after.items():
        component = next((known for known in ("sshd", "labgpu") if program.startswith(known)), "other")
        used[component] += nanoseconds - before.get(thread, (program, 0))[1]
    assert used["sshd"] > 0 and used["labgpu"] > 0, f"the server's processes were not found: {used}"
    return 100 * used["labgpu"] / used["sshd"]


def _processor_times(server):
    """(process, thread) -> (program, nanoseconds) of all there are on the server; a thread that ends meanwhile is left out."""
    listing = server.try_sh("grep -s '' /proc/[0-9]*/task/[0-9]*/comm /proc/[0-9]*/task/[0-9]*/schedstat").text
    found = collections.defaultdict(dict)
    for process, thread, file, value in COUNTER.findall(listing):
        found[process, thread][file] = value
    return {
        thread: (files["comm"], int(files["schedstat"].split()[0]))
        for thread, files in found.items()
        if {"comm", "schedstat"} <= files.keys()
    }
