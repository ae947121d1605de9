# The kernel's own record of what some processes and their descendants do: tracefs(5), Documentation/trace/ftrace.rst.
#
# Nothing is put into the traced programs but a breakpoint of the kernel's at the functions that are asked for (uprobes),
# which costs about a microsecond each time; there is no tracer that they would have to wait for.
import contextlib
import os
import pathlib
import re
import subprocess
from typing import NamedTuple

TRACEFS = pathlib.Path("/sys/kernel/tracing")
PROCESS_EVENTS = ["sched_process_fork", "sched_process_exec", "sched_process_exit"]
PROCESS_EVENTS += ["sched_switch", "sched_wakeup", "sched_wakeup_new"]
LINE = re.compile(r"^ *.*-(\d+) +\[\d+\] \S+ +([\d.]+): (\w+):?(.*)$")


class Event(NamedTuple):
    process: int  # the thread that it happened to
    at: float  # seconds of CLOCK_MONOTONIC
    name: str
    text: str

    def field(self, name):
        """`name=value` of the event's text."""
        return re.search(rf"(?:^|\s){name}=(\S*)", self.text).group(1)


class Trace:
    """An instance of the kernel's tracing, apart from anybody else's."""

    def __init__(self, directory):
        self.directory = directory

    def write(self, file, text):
        (self.directory / file).write_text(text)

    def record(self, action):
        """The events while `action()` ran, in their order."""
        self.write("trace", "")
        self.write("tracing_on", "1")
        try:
            action()
        finally:
            self.write("tracing_on", "0")
        lost = re.search(r"entries-in-buffer/entries-written: (\d+)/(\d+)", (text := (self.directory / "trace").read_text()))
        assert lost.group(1) == lost.group(2), "the kernel's buffer was too small for one login"
        return [_event(match) for line in text.splitlines() if (match := LINE.match(line))]


def _event(match):
    process, at, name, text = match.groups()
    return Event(int(process), float(at), name, text)


@contextlib.contextmanager
def tracing(processes, probes, calls=False):
    """Yields a Trace of `processes` and of all that they start. `probes`: a file, and its functions by the event's name.

    The return from a function is an event of its own, NAME_returns. `calls` adds every system call, which slows all down.
    """
    group = f"labgpu_bench_{os.getpid()}"
    directory = TRACEFS / "instances" / group
    directory.mkdir()
    try:
        _add_probes(group, *probes)
        trace = Trace(directory)
        trace.write("tracing_on", "0")
        trace.write("trace_clock", "mono")
        trace.write("buffer_size_kb", "16384")
        trace.write("options/event-fork", "1")
        trace.write("set_event_pid", " ".join(map(str, processes)))
        for event in [*(f"sched/{event}" for event in PROCESS_EVENTS), group, *(["syscalls"] if calls else [])]:
            trace.write(f"events/{event}/enable", "1")
        yield trace
    finally:
        directory.rmdir()
        _remove_probes(group)


def _add_probes(group, file, functions):
    offsets = _offsets(file)
    for name, function in functions.items():
        for kind, suffix in (("p", ""), ("r", "_returns")):
            _define_probe(f"{kind}:{group}/{name}{suffix} {file}:{offsets[function]:#x}")


def _remove_probes(group):
    mine = re.findall(rf"^[pr]:({group}/\S+)", (TRACEFS / "uprobe_events").read_text(), re.MULTILINE)
    for name in mine:
        _define_probe(f"-:{name}")


def _define_probe(line):
    # Not by open(), which seeks to the end of what it appends to: that file does not let it.
    file = os.open(TRACEFS / "uprobe_events", os.O_WRONLY | os.O_APPEND)
    try:
        os.write(file, f"{line}\n".encode())
    finally:
        os.close(file)


def _offsets(file):
    """Where in the file its exported functions begin."""
    headers = subprocess.run(["readelf", "-lW", file], check=True, capture_output=True, text=True).stdout
    code = re.search(r"LOAD +(0x\w+) (0x\w+) 0x\w+ 0x\w+ 0x\w+ R E", headers)
    shift = int(code.group(1), 16) - int(code.group(2), 16)
    symbols = subprocess.run(["nm", "-D", "--defined-only", file], check=True, capture_output=True, text=True).stdout
    return {name: int(value, 16) + shift for value, kind, name in map(str.split, symbols.splitlines()) if kind == "T"}


def seen_from_here(host_process, process):
    """The id, here, of a process that has the id `process` in the container whose first process is `host_process`."""
    for status in pathlib.Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            ids = re.search(r"^NSpid:\s+(.*)$", status.read_text(), re.MULTILINE).group(1).split()
            if ids[1:2] == [str(process)] and _descends(int(ids[0]), host_process):
                return int(ids[0])
    raise AssertionError(f"no process {process} below {host_process}")


def _descends(process, ancestor):
    while process not in (0, ancestor):
        text = pathlib.Path(f"/proc/{process}/stat").read_text()
        process = int(text.rpartition(")")[2].split()[1])
    return process == ancestor
