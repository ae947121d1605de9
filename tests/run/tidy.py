#!/usr/bin/python3
# clang-tidy over what CMake compiles. A file is checked again only when what it is compiled from has changed.
#
# usage: tidy.py BUILD_FOLDER CACHE_FOLDER [--deep]     --deep: the tests too, and with the static analyzer
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def preprocessed(entry):
    """What the compiler would see, comments too, because they may have NOLINT in them."""
    words = shlex.split(entry["command"])
    if pathlib.Path(words[0]).name == "ccache":
        words = words[1:]
    words = words[: words.index("-o")] + words[words.index("-o") + 2 :]
    words[words.index("-c")] = "-E"
    return subprocess.run([*words, "-C"], cwd=entry["directory"], stdout=subprocess.PIPE, check=True).stdout


def check(entry, build, cache, checks, common):
    """The warnings of one file; empty when there are none."""
    marker = cache / hashlib.sha256(common + preprocessed(entry).replace(os.fsencode(ROOT), b"")).hexdigest()
    if marker.exists():
        return ""
    argv = ["clang-tidy", "--quiet", f"--checks={checks}", "-p", build, entry["file"]]
    result = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode == 0:
        marker.touch()
        return ""
    return result.stdout


def main():
    build, cache = sys.argv[1], pathlib.Path(sys.argv[2])
    cache.mkdir(parents=True, exist_ok=True)
    version = subprocess.run(["clang-tidy", "--version"], stdout=subprocess.PIPE, check=True).stdout
    deep = "--deep" in sys.argv[3:]
    checks = "clang-analyzer-*" if deep else ""  # beside those of .clang-tidy
    common = version + (ROOT / ".clang-tidy").read_bytes() + checks.encode()
    entries = json.loads((pathlib.Path(build) / "compile_commands.json").read_text())
    tests = str(ROOT / "tests") + "/"
    unique = {e["file"]: e for e in entries if deep or not e["file"].startswith(tests)}.values()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        reports = list(pool.map(lambda entry: check(entry, build, cache, checks, common), unique))
    print("".join(reports), end="")
    print(f"{len(unique)} files, {sum(map(bool, reports))} with warnings")
    sys.exit(any(reports))


main()
