#!/usr/bin/python3
# clang-tidy over what CMake compiles. A file is checked again only when what it is compiled from has changed.
#
# usage: tidy.py BUILD_FOLDER CACHE_FOLDER [--deep]     --deep: the tests too, and with the static analyzer
import concurrent.futures
import functools
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]


def here(text):
    """The same in every checkout."""
    return text.replace(str(ROOT), "")


@functools.cache
def digest(path):
    try:
        return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()
    except OSError:
        return "absent"


def inputs(entry):
    """The files that this one is compiled from, as the compiler says."""
    words = shlex.split(entry["command"])
    if pathlib.Path(words[0]).name == "ccache":
        words = words[1:]
    words = words[: words.index("-o")] + words[words.index("-o") + 2 :]
    words[words.index("-c")] = "-M"
    rule = subprocess.run(words, cwd=entry["directory"], stdout=subprocess.PIPE, check=True, text=True).stdout
    names = rule.split(":", 1)[1].replace("\\\n", " ").split()
    return sorted({os.path.realpath(os.path.join(entry["directory"], name)) for name in names})


def marker_of(files, entry, cache, common):
    seen = [common, here(entry["command"])]
    seen += [f"{here(file)} {digest(file)}" for file in files]
    return cache / hashlib.sha256("\n".join(seen).encode()).hexdigest()


def check(entry, build, cache, checks, common):
    """The warnings of one file; empty when there are none."""
    # From which files it was compiled the last time: while none of them has changed these are still all.
    known = cache / ("inputs-" + hashlib.sha256(here(entry["command"]).encode()).hexdigest())
    if known.exists():
        files = [name if os.path.isabs(name) else str(ROOT / name) for name in json.loads(known.read_text())]
        if marker_of(files, entry, cache, common).exists():
            return ""
    files = inputs(entry)
    fresh = known.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
    fresh.write_text(json.dumps([os.path.relpath(f, ROOT) if f.startswith(f"{ROOT}/") else f for f in files]))
    fresh.rename(known)  # another checkout's run may read it
    marker = marker_of(files, entry, cache, common)
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
    version = subprocess.run(["clang-tidy", "--version"], stdout=subprocess.PIPE, check=True, text=True).stdout
    deep = "--deep" in sys.argv[3:]
    checks = "clang-analyzer-*" if deep else ""  # beside those of .clang-tidy
    common = version + (ROOT / ".clang-tidy").read_text() + checks
    entries = json.loads((pathlib.Path(build) / "compile_commands.json").read_text())
    tests = str(ROOT / "tests") + "/"
    unique = {e["file"]: e for e in entries if deep or not e["file"].startswith(tests)}.values()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        reports = list(pool.map(lambda entry: check(entry, build, cache, checks, common), unique))
    print("".join(reports), end="")
    print(f"{len(unique)} files, {sum(map(bool, reports))} with warnings")
    sys.exit(any(reports))


main()
