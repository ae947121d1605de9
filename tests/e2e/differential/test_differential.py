# Each case is done with an ordinary account of the host and with one of labgpu's, on the same server; what the two
# people see has to be the same.
import pytest

import cases_agent
import cases_ansible
import cases_clients
import cases_commands
import cases_editors
import cases_ends
import cases_environment
import cases_files
import cases_forwarding
import cases_multiplexing
import cases_paramiko
import cases_rsync
import cases_sockets
import cases_terminal
import cases_terminal_ends
from table import check

MODULES = [
    cases_commands,
    cases_environment,
    cases_ends,
    cases_terminal,
    cases_terminal_ends,
    cases_agent,
    cases_multiplexing,
    cases_files,
    cases_rsync,
    cases_clients,
    cases_paramiko,
    cases_forwarding,
    cases_sockets,
    cases_editors,
    cases_ansible,
]
CASES = [case for module in MODULES for case in module.table.cases]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_same(case, plain, boxed):
    check(case, plain, boxed)


def test_cases_are_named_once():
    names = [str(case) for case in CASES]
    assert len(names) == len(set(names))
    assert len(names) >= 120
