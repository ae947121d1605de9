# Connects to every Unix socket it can find or is told of, and prints those that somebody answers: NAME PEER-PID PEER-UID.
import os
import socket
import struct
import sys


def names_of_the_kernel():
    """Every name in this network namespace; "@" stands for the NUL of an abstract one."""
    with open("/proc/net/unix", encoding="utf-8", errors="surrogateescape") as listing:
        for line in listing.readlines()[1:]:
            words = line.rstrip("\n").split(" ", 7)
            if len(words) == 8:
                yield words[7].strip()


def names_of_files():
    for folder, _, files in os.walk("/"):
        if folder.startswith(("/proc", "/sys")):
            continue
        for file in files:
            path = os.path.join(folder, file)
            if os.path.exists(path) and (os.stat(path).st_mode & 0o170000) == 0o140000:
                yield path


def answers(name):
    address = "\0" + name[1:] if name.startswith("@") else name
    for kind in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_UNIX, kind) as attempt:
            attempt.settimeout(3)
            try:
                attempt.connect(address)
            except (OSError, ValueError):
                continue
            peer = attempt.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
            pid, uid, _ = struct.unpack("iii", peer)
            return f"{name} {pid} {uid}"
    return None


told = sys.argv[1:]
found = told if told else sorted({*names_of_the_kernel(), *names_of_files()})
for one in found:
    answer = answers(one)
    if answer is not None:
        print(answer)
