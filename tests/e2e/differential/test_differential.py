# Each case is done with an ordinary account of the host and with one of labgpu's, on the same server at the same
# time; what the two people see has to be the same.
import time

import pytest

import cases_commands
from table import normalized

MODULES = [cases_commands]
CASES = [case for module in MODULES for case in module.table.cases]
compared = []


def observe(case, person):
    started = time.monotonic()
    return normalized(case.run(person), person), time.monotonic() - started


@pytest.mark.parametrize("case", CASES, ids=str)
def test_same(case, plain, boxed):
    on_host, host_seconds = observe(case, plain)
    in_container, container_seconds = observe(case, boxed)
    compared.append(case)
    if case.intended is None:
        assert in_container == on_host
    else:
        assert in_container != on_host, f"there is no difference any more: {case.intended.reason}"
        assert case.intended.holds(on_host, in_container), (on_host, in_container)
    # The shape of time: what returns at once does so for both, what waits waits for both.
    longer = max(host_seconds, container_seconds)
    assert abs(host_seconds - container_seconds) < 1.5 + 0.5 * longer, (host_seconds, container_seconds)


def test_cases_are_named_once():
    names = [str(case) for case in CASES]
    assert len(names) == len(set(names))
    assert len(names) >= 120
