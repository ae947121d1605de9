# What starting a program costs on this machine before its first own instruction: the kernel's part, and the C library's.
#
# The C library asks the processor what it can (CPUID) in each program, static or not. A virtual machine's monitor answers that.
import os
import pathlib
import subprocess
import tempfile
import time

ATTEMPTS = 200
HERE = pathlib.Path(__file__).resolve().parent

EMPTY = "int main(void) { return 0; }"
WITHOUT_C_LIBRARY = """void _start(void) { __asm__ volatile("syscall" ::"a"(60), "D"(0)); }"""
A_HUNDRED_CPUIDS = """#include <cpuid.h>
int main(void) { unsigned a, b, c, d; for (int i = 0; i < 100; ++i) __cpuid(0, a, b, c, d); return 0; }"""


def describe(session_command):
    """Two lines of text; the bytes of the session command are counted as far as it gets without a helper.

    Times are the fastest of many attempts: others' work makes some slower, and none faster.
    """
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        empty = _build(directory / "empty", EMPTY, "-static-pie")
        whole = _fastest(empty)
        kernel = _fastest(_build(directory / "kernel", WITHOUT_C_LIBRARY, "-static", "-nostdlib"))
        asked = _fastest(_build(directory / "asked", A_HUNDRED_CPUIDS, "-static-pie"))
        counter = _build(directory / "counter", (HERE / "count_instructions.cc").read_text(), language="c++")
        session = directory / "session"
        session.write_bytes(session_command)
        session.chmod(0o700)
        steps, cpuids = _count(counter, empty)
        own_steps, own_cpuids = _count(counter, session, "-c", "true")
    return (
        f"An empty static program of glibc's: {whole:.3f} ms, {kernel:.3f} without a C library; {steps} instructions, "
        f"{cpuids} of them CPUID, {(asked - whole) * 10:.1f} µs each.\n"
        f"The session command, until it asks the helper: {own_steps} instructions, {own_cpuids} of them CPUID."
    )


def _build(program, source, *options, language="c"):
    argv = ["cc", "-O1", *options, "-x", language, "-", "-o", program]
    subprocess.run(argv, input=source, check=True, text=True)
    return program


def _fastest(program):
    return min(_milliseconds(program) for _ in range(ATTEMPTS))


def _milliseconds(program):
    begun = time.monotonic()
    _, status = os.waitpid(os.posix_spawn(program, [str(program)], {}), 0)
    assert status == 0
    return (time.monotonic() - begun) * 1e3


def _count(counter, *command):
    told = subprocess.run([counter, *command], check=True, capture_output=True, env={}, text=True)
    steps, cpuids = told.stdout.split()
    return int(steps), int(cpuids)
