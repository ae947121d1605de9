# Trees of files that are copied, and what became of them.
import hashlib
import os
import stat

from client import NEWLINE_NAME, ODD_NAMES

LONG_AGO = 1_000_000_000

# Prints each entry of a folder: kind and mode, size, time, links, content's hash or target, name.
LISTING = r"""
import hashlib, os, stat, sys
for folder, _, files in sorted(os.walk(sys.argv[1])):
    for path in [folder, *(os.path.join(folder, name) for name in sorted(files))]:
        s = os.lstat(path)
        data = b"" if stat.S_ISDIR(s.st_mode) else os.readlink(path).encode() if stat.S_ISLNK(s.st_mode) else open(path, "rb").read()
        shown = (oct(s.st_mode), 0 if stat.S_ISDIR(s.st_mode) else s.st_size, int(s.st_mtime) < 1.1e9, s.st_nlink)
        print(*shown, hashlib.md5(data).hexdigest()[:8], ascii(os.path.relpath(path, sys.argv[1])))
"""
