# Measures labgpu beside the other ways into a container; prints a table, and writes it with JSON and a chart.
import argparse
import importlib
import os
import pathlib
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "tests/e2e"), *(str(HERE / folder) for folder in ("work", "scale", "inside"))]

import crowd  # noqa: E402  (after the path)
import measure  # noqa: E402
import rush  # noqa: E402
import ways  # noqa: E402
from chart import chart  # noqa: E402
from host import add_options, bench_host, machine_text  # noqa: E402
from report import as_json, from_json, markdown, table  # noqa: E402
from sanity import problems  # noqa: E402

# What is measured, in the order of the table: modules with rows(), and who sets their server up. That one has the server's
# NAME, set_up(server, laptop), the ways that are COMPARED there, and begin(server, laptop, short): the arguments of rows().
SETTINGS = {
    ways: ["login", "terminals", "streams", "forwards", "copies", "first_login"],  # work/
    measure: ["before_the_shell"],  # inside/
    rush: ["logins"],  # scale/
    crowd: ["sessions", "growth"],  # scale/; in this order, accounts and containers never become fewer
}
WORK = sum(SETTINGS.values(), [])


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
    options.results.mkdir(parents=True, exist_ok=True)
    found = Results(options.results, earlier(options.results) if options.add else [])
    for setting, works in SETTINGS.items():
        chosen = [work for work in works if work in options.only]
        if not chosen:
            continue
        with bench_host(options, setting.set_up, f"-{setting.NAME}") as (server, laptop):
            found.machine = machine_text(server)
            measured = setting.begin(server, laptop, options.short)
            for work in chosen:
                found.take(work, measured, setting.COMPARED, server)
    print((options.results / "bench.txt").read_text())
    print(f"see {options.results}/bench.txt, bench.md, bench.json, bench.svg", file=sys.stderr)
    return 1 if found.failed else 0


class Results:
    """Rows, and what failed. One kind of work that fails does not keep others from running.

    Each row is written at once, beside those of an `earlier` call: it is not lost when the next is broken off.
    """

    def __init__(self, folder, earlier):
        self.rows, self.failed = [], False
        self.machine = ""
        self._folder, self._earlier = folder, earlier
        self._load = os.getloadavg()[0]
        self.steps = open(folder / "steps", "w")

    def take(self, work, measured, compared, server):
        print(f"{time.strftime('%H:%M:%S')} {work}", file=sys.stderr, flush=True)
        try:
            for row in importlib.import_module(work).rows(*measured):
                self.rows.append(row)
                self._write()
                found = list(problems(row, compared))
                self._note(not found, f"{row.work}: {row.what}")
                for problem in found:
                    print(f"{row.work}: {problem}", file=sys.stderr)
        except (AssertionError, OSError) as error:
            self._note(False, work)
            print(f"{work}: {error}\n{server.journal()}", file=sys.stderr)

    def _write(self):
        rows = merged(self._earlier, self.rows)
        machine = f"{self.machine}; load {self._load:.1f} at the beginning, {os.getloadavg()[0]:.1f} at the end"
        forms = {"txt": table(rows, machine), "md": markdown(rows), "json": as_json(rows, machine), "svg": chart(rows)}
        for form, text in forms.items():
            (self._folder / f"bench.{form}").write_text(text)

    def _note(self, passed, what):
        self.failed |= not passed
        print("passed" if passed else "failed", what, file=self.steps, flush=True)


def earlier(results):
    """What an earlier call measured."""
    return from_json((results / "bench.json").read_text())


def merged(before, rows):
    measured = {(row.work, row.what) for row in rows}
    return [row for row in before if (row.work, row.what) not in measured] + rows


if __name__ == "__main__":
    sys.exit(main())
