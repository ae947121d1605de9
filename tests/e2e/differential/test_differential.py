# Each case is done with an ordinary account of the host and with one of labgpu's, on the same server; what the two
# people see has to be the same.
import pytest

import cases_ansible
import cases_clients
import cases_commands
import cases_editors
import cases_ends
import cases_environment
import cases_files
import cases_forwarding
import cases_paramiko
import cases_rsync
import cases_sockets
from table import check

MODULES = [
    cases_ansible,
    cases_clients,
    cases_commands,
    cases_editors,
    cases_ends,
    cases_environment,
    cases_files,
    cases_forwarding,
    cases_paramiko,
    cases_rsync,
    cases_sockets,
]
CASES = [case for module in MODULES for case in module.table.cases]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_same(case, plain, boxed):
    check(case, plain, boxed)


def test_cases_are_named_once():
    names = [str(case) for case in CASES]
    assert len(names) == len(set(names))
    assert len(names) >= 120
