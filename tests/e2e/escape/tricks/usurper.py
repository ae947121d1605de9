# Stops PID 1 with ptrace(2), takes its listening socket with pidfd_getfd(2), and answers one session in its name.
import array
import ctypes
import os
import socket
import stat
import struct
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
PTRACE_ATTACH, PTRACE_DETACH = 16, 17
SYS_PIDFD_OPEN, SYS_PIDFD_GETFD = 434, 438
HELLO, FAILURE, STARTED = 1, 2, 42


def call(*arguments):
    result = LIBC.syscall(*arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), f"syscall{arguments}")
    return result


def listener_of_init():
    """The one of PID 1's sockets that listens."""
    process = call(SYS_PIDFD_OPEN, 1, 0)
    for number in map(int, os.listdir("/proc/1/fd")):
        if not os.readlink(f"/proc/1/fd/{number}").startswith("socket:"):
            continue
        taken = socket.socket(fileno=call(SYS_PIDFD_GETFD, process, number, 0))
        if taken.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            return taken
        taken.close()
    raise SystemExit("PID 1 listens nowhere")


def packet(kind, fields=b""):
    return struct.pack("<H", kind) + fields


def send(peer, data, descriptors=()):
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
    peer.sendmsg([data], rights)


def receive(peer):
    """Prints of what kind the descriptors are that come with it."""
    data, control, _, _ = peer.recvmsg(256 * 1024, 4096)
    for _, _, numbers in control:
        for number in struct.unpack(f"{len(numbers) // 4}i", numbers):
            mode = os.fstat(number).st_mode
            print("pipe" if stat.S_ISFIFO(mode) else "socket" if stat.S_ISSOCK(mode) else f"other-{mode:o}", flush=True)
    return data


def answer(peer, how):
    if how == "hangup":
        return
    receive(peer)  # the helper's Hello
    receive(peer)  # and whom the session is for
    send(peer, packet(HELLO, struct.pack("<H", 77 if how == "version" else 1)))
    if how == "version":
        return
    receive(peer)  # Start
    null = os.open("/dev/null", os.O_RDWR)
    if how == "extra":
        send(peer, packet(STARTED, b"\0"), [null])
    elif how == "file":
        send(peer, packet(STARTED, b"\1"), [os.open("/etc/passwd", os.O_RDONLY)])
    elif how == "slave":
        send(peer, packet(STARTED, b"\1"), [os.openpty()[1]])
    elif how == "flood":
        send(peer, packet(STARTED, b"\0"), [null] * 100)
    elif how == "large":
        send(peer, packet(STARTED, b"\0" * 200_000))
    elif how == "sentence":
        sentence = b"\x1b]0;owned\x07\x1b[2J" + b"x" * 100_000
        send(peer, packet(FAILURE, struct.pack("<HI", 7, len(sentence)) + sentence))


listener = listener_of_init()
if LIBC.ptrace(PTRACE_ATTACH, 1, 0, 0) != 0:
    raise OSError(ctypes.get_errno(), "ptrace")
os.waitpid(1, 0)
print("up", flush=True)
listener.setblocking(True)
with listener.accept()[0] as visitor:
    try:
        answer(visitor, sys.argv[1])
    except OSError as error:
        print("none", error.errno, file=sys.stderr)
print("served", flush=True)
LIBC.ptrace(PTRACE_DETACH, 1, 0, 0)
