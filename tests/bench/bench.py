# Measures the ways into a container beside each other; prints a table, and writes it with JSON and a chart.
import argparse
import importlib
import os
import pathlib
import random
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "tests/e2e"), str(HERE / "work")]

import ways  # noqa: E402  (after the path)
from chart import chart  # noqa: E402
from host import add_options, bench_host, machine_text  # noqa: E402
from measuring import Bench, ProcessorClock  # noqa: E402
from report import as_json, from_json, summary, table  # noqa: E402
from sanity import problems  # noqa: E402
from sizes import FULL, SHORT  # noqa: E402

# Modules of work/, in the order of the table.
WORK = ["login", "terminals", "streams", "forwards", "copies", "first_login"]


def arguments():
    parser = argparse.ArgumentParser(prog="run", description="Measures labgpu beside the other ways into a container.")
    parser.add_argument("--release", default="trixie", choices=["bookworm", "trixie"], help="Debian of the server")
    parser.add_argument("--packages", default=ROOT / "build/packages", type=pathlib.Path, help="folder with .deb files")
    parser.add_argument("--results", default=ROOT / "build/bench", type=pathlib.Path, help="folder for what is written")
    parser.add_argument("--only", nargs="+", default=WORK, choices=WORK, metavar="WORK", help=f"of {' '.join(WORK)}")
    parser.add_argument("--add", action="store_true", help="keep what the results have of other kinds of work")
    parser.add_argument("--short", action="store_true", help="little of each: shows that all works, not how fast it is")
    add_options(parser, "bench")
    return parser.parse_args()


def main():
    options = arguments()
    with bench_host(options, ways.set_up) as (server, laptop):
        size = SHORT if options.short else FULL
        bench = Bench(server, laptop, ways.describe(laptop), size, random.Random(), ProcessorClock(server))
        options.results.mkdir(parents=True, exist_ok=True)
        return 0 if measure(bench, options) else 1


def measure(bench, options):
    """Whether every kind of work gave rows that can stand in a table. One that fails does not keep others from running."""
    machine, begun = machine_text(bench.server), os.getloadavg()[0]
    rows, failed = [], False
    with open(options.results / "steps", "w") as steps:
        for work in options.only:
            print(f"{time.strftime('%H:%M:%S')} {work}", file=sys.stderr, flush=True)
            try:
                for row in importlib.import_module(work).rows(bench):
                    rows.append(row)
                    found = list(problems(row))
                    failed |= bool(found)
                    print("failed" if found else "passed", f"{row.work}: {row.what}", file=steps, flush=True)
                    for problem in found:
                        print(f"{row.work}: {problem}", file=sys.stderr)
            except (AssertionError, OSError) as error:
                failed = True
                print("failed", work, file=steps, flush=True)
                print(f"{work}: {error}\n{bench.server.journal()}", file=sys.stderr)
    machine += f"; load {begun:.1f} at the beginning, {os.getloadavg()[0]:.1f} at the end"
    write(options.results, (earlier(options.results, rows) if options.add else []) + rows, machine)
    return not failed


def earlier(results, rows):
    """What an earlier call measured and this one did not."""
    measured = {(row.work, row.what) for row in rows}
    found = from_json((results / "bench.json").read_text())
    return [row for row in found if (row.work, row.what) not in measured]


def write(results, rows, machine):
    text = table(rows, machine)
    (results / "bench.txt").write_text(text)
    (results / "bench.json").write_text(as_json(rows, machine))
    (results / "bench.svg").write_text(chart(rows))
    print(text)
    print(f"{summary(rows)}; see {results}/bench.txt, bench.json, bench.svg", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
