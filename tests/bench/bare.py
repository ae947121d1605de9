# Programs that do the least of what labgpu has to do, each as one more way: what any design of its kind costs.
import pathlib
import sysconfig
import tempfile

from client import Client
from processes import run
from rows import HOST, LABGPU, Row
from ways import Way, add_host_account

HERE = pathlib.Path(__file__).resolve().parent
RELAY, ATTACH = "bare relay", "bare attach"
MUSL = sysconfig.get_config_var("MULTIARCH").replace("-gnu", "-musl")


def relay(bench):
    """The host account, whose home has bare_relay.cc: what has sshd's terminal gives the command another one."""
    program = _build("bare_relay.cc", "-static")
    bench.server.write(f"{bench.ways[0].home}/bare-relay", program, mode="755")
    return Way(RELAY, bench.ways[0].client)


def attach(bench):
    """One more account, whose shell is bare_attach.cc."""
    library = f"/usr/lib/{MUSL}"
    program = _build(
        "bare_attach.cc",
        *("-static", "-nostdinc++", "-isystem", f"/usr/include/{MUSL}", "-nostdlib"),
        *(f"{library}/{part}" for part in ("crt1.o", "crti.o", "libc.a", "crtn.o")),
    )
    server, user, installed = bench.server, "attach", "/usr/local/bin/bare-attach"
    if server.try_sh(f"id {user}").status != 0:
        server.write(installed, program, mode="755")
        add_host_account(server, bench.laptop, user)
        server.sh(f"usermod -s {installed} {user}; systemd-run -q --unit=bare-attach --uid={user} {installed} serve")
    return Way(ATTACH, Client(bench.laptop, user))


def beside(row, bare):
    """The row without the bare way, and one that has labgpu beside it."""
    samples = {HOST: row.samples[HOST], bare: row.samples.pop(bare), LABGPU: row.samples[LABGPU]}
    yield row
    yield Row(f"{row.work}: {row.what}, beside a {bare}", row.unit, "", None, "ratio", samples, base=bare)


def _build(source, *options):
    with tempfile.TemporaryDirectory() as directory:
        program = pathlib.Path(directory) / "program"
        run(["c++", "-std=c++20", "-O2", HERE / source, *options, "-o", program], timeout=60).ok()
        return program.read_bytes()
