# Trees of files to copy, and what has become of them.
import os
import shlex

from client import NEWLINE_NAME, ODD_NAMES

NAMES = [*ODD_NAMES, NEWLINE_NAME]
LONG_AGO = 1_000_000_000

# Each entry of a folder: kind and mode, size, whether it is from LONG_AGO, links, blocks or none, content or
# target, name.
LISTING = """
import hashlib, os, stat, sys
for folder, _, files in sorted(os.walk(sys.argv[1])):
    for path in [folder, *(os.path.join(folder, name) for name in sorted(files))]:
        found = os.lstat(path)
        is_folder, is_link = stat.S_ISDIR(found.st_mode), stat.S_ISLNK(found.st_mode)
        content = b"" if is_folder else os.readlink(path).encode() if is_link else open(path, "rb").read()
        print(oct(found.st_mode), 0 if is_folder else found.st_size, int(found.st_mtime) == 1_000_000_000,
              found.st_nlink, found.st_blocks > 0 and not is_folder, hashlib.md5(content).hexdigest()[:8],
              ascii(os.path.relpath(path, sys.argv[1])))
"""


def make_tree(folder, names=NAMES):
    """Odd names, modes, times, an empty file, an empty folder, a file with a hole and a symbolic link."""
    for number, name in enumerate(names):
        (folder / name).mkdir(parents=True)
        (folder / name / name).write_bytes(bytes([number]) * 1000 * number)
    (folder / "empty").touch()
    (folder / "empty folder").mkdir()
    for mode in (0o600, 0o640, 0o755, 0o400):
        path = folder / f"mode {mode:o}"
        path.write_text(f"{mode:o}\n")
        path.chmod(mode)
        os.utime(path, (LONG_AGO, LONG_AGO))
    (folder / "link").symlink_to("mode 755")
    with open(folder / "hole", "wb") as file:
        file.truncate(5_000_000)
    # Whether two folders that were made one after the other are of the same second is chance.
    os.utime(folder, (LONG_AGO, LONG_AGO))
    return folder


def here(person, folder):
    """What is in a folder of this machine."""
    return person.local("/usr/bin/python3", "-c", LISTING, str(folder))["out"].splitlines()


def there(person, folder):
    """What is in a folder of the account."""
    return person.text(f"python3 -c {shlex.quote(LISTING)} {shlex.quote(folder)}").splitlines()
