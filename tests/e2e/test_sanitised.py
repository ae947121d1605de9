# That what sanitised daemons report is noticed: what is reported here is so on purpose.
import pathlib

import pytest

from processes import run, wait_until
from sanitised import fail_when_reported, take_reports

FAULTY, IN_ITS_PLACE = "/usr/local/bin/e2e-faulty", "/etc/systemd/system/labgpud.service.d/e2e-faulty.conf"
SANITISED = ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-static-libasan", "-static-libubsan"]


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    """A program with mistakes, built."""
    source = pathlib.Path(__file__).parents[1] / "support" / "faulty.cc"
    path = tmp_path_factory.mktemp("faulty") / "faulty"
    run(["c++", "-std=c++20", *SANITISED, "-o", path, source], timeout=120).ok()
    return path.read_bytes()


@pytest.fixture
def in_the_helpers_place(server, faulty):
    """Has labgpud's unit run that program; yields the function that does so, with its argument."""

    def start(mistake):
        unit = f"[Service]\nType=oneshot\nRestart=no\nExecStart=\nExecStart={FAULTY} {mistake}\n"
        server.write(IN_ITS_PLACE, unit.encode())
        return server.try_sh("systemctl daemon-reload; systemctl restart labgpud.service")

    server.write(FAULTY, faulty, mode="755")
    yield start
    server.sh(f"rm -f {FAULTY} {IN_ITS_PLACE}; systemctl daemon-reload; systemctl restart labgpud.service")


@pytest.mark.parametrize(
    "mistake, report",
    [
        ("leak", "LeakSanitizer: detected memory leaks"),
        ("overflow", "runtime error: signed integer overflow"),
        ("use-after-free", "AddressSanitizer: heap-use-after-free"),
        ("none", ""),
    ],
)
def test_each_kind_of_report_gets_out_of_the_sandbox(server, in_the_helpers_place, mistake, report):
    ended = in_the_helpers_place(mistake)
    assert (ended.status == 0) == (mistake == "none"), ended
    reports = take_reports(server)
    assert report in reports if report else reports == "", reports


def crash(server, unit):
    """A signal that the sanitisers take for the program's own mistake."""
    server.sh(f"systemctl kill -s SEGV '{unit}'")


def test_a_report_of_the_helper_fails_a_test(server):
    before = server.helper_pid()
    crash(server, "labgpud.service")
    wait_until(lambda: server.helper_pid() not in (0, before), 30, "the helper's restart")
    with pytest.raises(AssertionError, match="AddressSanitizer: SEGV"):
        fail_when_reported(server)
    fail_when_reported(server)


def test_a_report_of_labgpu_gpus_fails_a_test(server, driver):
    driver("hang\n")
    server.sh("systemd-run -q --collect --unit=e2e-ask labgpu gpu; until pgrep -x labgpu-gpus; do sleep 0.1; done")
    crash(server, "labgpu-gpus@*")
    wait_until(lambda: server.try_sh("pgrep -x labgpu-gpus").status != 0, 20, "the process's end")
    server.try_sh("systemctl stop e2e-ask")
    with pytest.raises(AssertionError, match="AddressSanitizer: SEGV"):
        fail_when_reported(server)
