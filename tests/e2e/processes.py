# Running programs from tests: every one has a time limit, and a failure shows all that it said.
import os
import select
import signal
import subprocess
import time

# Every limit is this many times longer; an emulated machine is slow.
PATIENCE = float(os.environ.get("LABGPU_TEST_PATIENCE", "1"))


class Result:
    """How a finished program ended, and what it wrote."""

    def __init__(self, argv, status, out, err, seconds):
        self.argv = argv
        self.status = status  # exit status; negative: the signal that killed it
        self.out = out
        self.err = err
        self.seconds = seconds

    @property
    def text(self):
        """Standard output as text without the white space around it."""
        return self.out.decode(errors="replace").strip()

    @property
    def error(self):
        return self.err.decode(errors="replace").strip()

    def ok(self):
        """Insists on exit status 0; returns itself, to go on with `.text`."""
        assert self.status == 0, self
        return self

    def failed(self):
        """Insists on another exit status than 0."""
        assert self.status != 0, f"this should have failed: {self}"
        return self

    def __repr__(self):
        return (
            f"\n  command: {' '.join(map(str, self.argv))[:600]}\n  status: {self.status} after {self.seconds:.1f} s"
            f"\n  stdout: {_excerpt(self.out)}\n  stderr: {_excerpt(self.err)}\n"
        )


def _excerpt(data, limit=2000):
    text = data.decode(errors="backslashreplace")
    return text if len(text) <= limit else f"{text[:limit]}… ({len(data)} bytes)"


def run(argv, stdin=b"", timeout=30, env=None):
    """Runs a program to its end. `stdin` is bytes, or an open file that it reads itself."""
    timeout *= PATIENCE
    given = {"input": stdin} if isinstance(stdin, bytes) else {"stdin": stdin}
    started = time.monotonic()
    # A session of its own: a program that asks for a password must not find the terminal of whoever runs the tests.
    with _popen(argv, env, subprocess.PIPE if "input" in given else stdin) as process:
        try:
            out, err = process.communicate(given.get("input"), timeout)
        except subprocess.TimeoutExpired as late:
            _kill_session(process)
            out, err = process.communicate()
            result = Result(argv, process.returncode, out, err, time.monotonic() - started)
            raise AssertionError(f"did not end in {timeout} s: {result}") from late
        except BaseException:
            _kill_session(process)
            raise
    return Result(argv, process.returncode, out, err, time.monotonic() - started)


def _popen(argv, env, stdin):
    return subprocess.Popen(
        argv, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, start_new_session=True
    )


def _kill_session(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


class Background:
    """A program that runs beside the test: `with Background(argv) as p: p.expect(b"ready")`."""

    def __init__(self, argv, env=None):
        self.argv = argv
        self.process = _popen(argv, env, subprocess.PIPE)
        self.started = time.monotonic()
        self.out = b""
        self.err = b""
        self.streams = {self.process.stdout: "out", self.process.stderr: "err"}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        _kill_session(self.process)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()
        self.process.wait()

    def _state(self):
        return Result(self.argv, self.process.poll(), self.out, self.err, time.monotonic() - self.started)

    def _read(self, timeout):
        """Takes what is there within `timeout`; False when both streams have ended."""
        ready, _, _ = select.select(list(self.streams), [], [], timeout)
        for stream in ready:
            data = os.read(stream.fileno(), 65536)
            if not data:
                del self.streams[stream]
            elif self.streams[stream] == "out":
                self.out += data
            else:
                self.err += data
        return bool(self.streams)

    def poll(self):
        """Takes what is there now."""
        while self._read(0) and select.select(list(self.streams), [], [], 0)[0]:
            pass

    def expect(self, wanted, timeout=20):
        """Waits until standard output contains `wanted`."""
        deadline = time.monotonic() + timeout * PATIENCE
        while wanted not in self.out:
            assert time.monotonic() < deadline, f"no {wanted!r} within {timeout} s: {self._state()}"
            going_on = self._read(0.2)
            assert going_on or wanted in self.out, f"ended without {wanted!r}: {self._state()}"

    def send(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def finish(self, timeout=30):
        """Ends its input, waits for it to end; returns the Result."""
        self.process.stdin.close()
        deadline = time.monotonic() + timeout * PATIENCE
        while self._read(0.2):
            assert time.monotonic() < deadline, f"did not end in {timeout} s: {self._state()}"
        self.process.wait(max(1, deadline - time.monotonic()))
        return self._state()


def wait_until(condition, timeout=20, what="the condition", step=0.1):
    """Calls `condition` until it returns something true, and returns that."""
    deadline = time.monotonic() + timeout * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"{what} did not come true within {timeout} s"
        time.sleep(step)
