# Whether a login takes longer the more accounts and containers there are; and the helper, with many of them.
#
# Stages cannot take turns: accounts and containers only become more. So of each stage it is looked at how long a login to
# labgpu's account takes beside one to the host's, in turns, and the first stage is measured twice.
import time

from measuring import AFTER_A_LOGIN, login_milliseconds, open_sessions
from rows import HOST, LABGPU, Row

import helper


def rows(bench, crowd):
    size = bench.size
    crowd.have_host_accounts(1)
    kinds = {
        "containers": [(number, number) for number in size.containers],
        "accounts": [(number, size.containers[-1]) for number in size.accounts],
    }
    first = kinds["containers"][0]
    samples = {}
    reached = 0
    for accounts, containers in (first, *kinds["containers"], *kinds["accounts"]):
        crowd.have_accounts(accounts)
        crowd.have_containers(containers)
        samples[_name(accounts, containers, again=_name(accounts, containers) in samples)] = _ratios(bench, crowd)
        if containers > reached and containers in size.helper_at:
            yield from helper.rows_with(bench, crowd, containers)
        reached = containers
    for kind, stages in kinds.items():
        base, again = _name(*first), _name(*first, again=True)
        others = [_name(*stage) for stage in stages if stage != first]
        chosen = {name: samples[name] for name in (base, again, *others)}
        work = f"login as a ratio to the host's, with more {kind}"
        yield Row(work, "", "≤ 1.03", 1.03, "ratio", chosen, judged=others[-1], base=base, control=again)


def _name(accounts, containers, again=False):
    return f"{accounts} accounts, {containers} containers" + " again" * again


def _ratios(bench, crowd):
    """How many times as long a login to labgpu's account takes as one to the host's."""
    clients = {way: crowd.client(1, way) for way in (HOST, LABGPU)}

    def log_in(client):
        taken = login_milliseconds(client)
        time.sleep(AFTER_A_LOGIN)
        return taken

    with open_sessions(clients.values()):
        measures = {way: lambda client=client: log_in(client) for way, client in clients.items()}
        found = bench.alternate(bench.size.growth_rounds, measures)
    return [mine / hosts for mine, hosts in zip(found[LABGPU], found[HOST], strict=True)]
