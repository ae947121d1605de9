# Copying one large file and many small ones into the home directory, which is mounted into the container.
import contextlib
import os
import pathlib
import random
import tempfile

from measuring import Bench, PIECE, seconds_of

PER_FOLDER = 100
SMALLEST, LARGEST = 1 << 10, 8 << 10
TARGET = "target"


def rows(bench: Bench):
    with _sources(bench.size) as (large, small):
        for way in bench.ways:
            way.client.ssh(f"mkdir -p {TARGET}").ok()
        kinds = (
            (large, f"{bench.size.copied >> 20} MiB", bench.size.copies),
            (small, f"{bench.size.small_files} small files", bench.size.small_copies),
        )
        for source, amount, rounds in kinds:
            for program, copy in (("scp", _scp), ("sftp", _sftp), ("rsync", _rsync)):
                yield from bench.compare(
                    f"{program}: {amount}",
                    "s",
                    1.03,
                    rounds,
                    lambda way: _copied(bench.server, way, copy, source),
                )


@contextlib.contextmanager
def _sources(size):
    """A file and a folder, in memory as the homes are: (path, path)."""
    chance = random.Random(7)
    with tempfile.TemporaryDirectory(prefix="labgpu-bench-", dir="/dev/shm") as directory:
        large = pathlib.Path(directory) / "large"
        with open(large, "wb") as file:
            for _ in range(size.copied // PIECE):
                file.write(os.urandom(PIECE))
        small = pathlib.Path(directory) / "small"
        for number in range(size.small_files):
            folder = small / f"{number // PER_FOLDER:03}"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{number:05}").write_bytes(chance.randbytes(chance.randint(SMALLEST, LARGEST)))
        yield large, small


def _copied(server, way, copy, source):
    """Seconds; what arrived is counted, and taken away again."""
    seconds = seconds_of(lambda: copy(way.client, source))
    target = f"{way.home}/{TARGET}"
    found = server.sh(f"find {target} -type f -printf '%s\\n'; rm -rf {target}/*").text.split()
    sent = [str(file.stat().st_size) for file in (source.rglob("*") if source.is_dir() else [source]) if file.is_file()]
    assert sorted(found) == sorted(sent), f"{way.name}: of {len(sent)} files {len(found)} arrived, or not the whole of them"
    return seconds


def _scp(client, source):
    client.scp("-r", source, f"server:{TARGET}/", timeout=600).ok()


def _sftp(client, source):
    client.sftp(f"put -r {source} {TARGET}/\n", timeout=600).ok()


def _rsync(client, source):
    client.rsync("-a", source, f"server:{TARGET}/", timeout=600).ok()
