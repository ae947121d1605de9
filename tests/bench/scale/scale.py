# Measures a server with many accounts, containers and sessions; prints a table, and writes it with JSON.
import argparse
import dataclasses
import importlib
import os
import pathlib
import random
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
BENCH = HERE.parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(ROOT / "tests/e2e"), str(BENCH)]

from amounts import FULL, SHORT, Amounts  # noqa: E402  (after the path)
from crowd import Crowd  # noqa: E402
from host import add_options, bench_host, install_labgpu, machine_text  # noqa: E402
from measuring import Bench  # noqa: E402
from report import as_json, table  # noqa: E402
from rows import MISSED, verdict  # noqa: E402

# In this order: accounts and containers never become fewer.
PARTS = ["logins", "sessions", "growth"]


def arguments():
    parser = argparse.ArgumentParser(prog="run", description="Measures many accounts, containers and sessions.")
    parser.add_argument("release", choices=["bookworm", "trixie"], help="Debian of the server")
    parser.add_argument("packages", type=pathlib.Path, help="folder with .deb files")
    parser.add_argument("--results", default=ROOT / "build/bench", type=pathlib.Path, help="folder for what is written")
    parser.add_argument("--only", nargs="+", default=PARTS, choices=PARTS, metavar="PART", help=f"of {' '.join(PARTS)}")
    parser.add_argument("--short", action="store_true", help="few of each: shows that all works")
    add_options(parser, "scale")
    for field in dataclasses.fields(Amounts):
        if field.type is int:
            parser.add_argument(f"--{field.name.replace('_', '-')}", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    options = arguments()
    with bench_host(options, install_labgpu) as (server, laptop):
        bench = Bench(server, laptop, [], amounts_of(options), random.Random())
        return 0 if measure(bench, options) else 1


def amounts_of(options):
    """The ones of the size that was asked for, but for those that were given."""
    given = {name: value for name, value in vars(options).items() if name in Amounts.__annotations__ and value}
    return dataclasses.replace(SHORT if options.short else FULL, **given)


def measure(bench, options):
    """Whether every part gave rows. A limit that is exceeded fails a long run alone: a short one cannot tell."""
    options.results.mkdir(parents=True, exist_ok=True)
    crowd = Crowd(bench.server, bench.laptop)
    rows, broken, begun = [], False, os.getloadavg()[0]
    for part in options.only:
        try:
            for row in importlib.import_module(part).rows(bench, crowd):
                print(f"{time.strftime('%H:%M:%S')} {row.work}", file=sys.stderr, flush=True)
                rows.append(row)
        except (AssertionError, OSError) as error:
            broken = True
            print(f"{part}: {error}\n{bench.server.journal()}", file=sys.stderr)
    machine = f"{machine_text(bench.server)}; load {begun:.1f} at the beginning, {os.getloadavg()[0]:.1f} at the end"
    (options.results / "scale.json").write_text(as_json(rows, machine))
    text = table(rows, machine)
    (options.results / "scale.txt").write_text(text)
    print(text)
    return not broken and (options.short or all(verdict(row) != MISSED for row in rows))


if __name__ == "__main__":
    sys.exit(main())
