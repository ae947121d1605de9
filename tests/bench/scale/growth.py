# Whether a login takes longer the more accounts and containers there are; and the helper, with many of them.
#
# Stages cannot take turns: accounts and containers only become more. So of each stage it is looked at how long a login to
# labgpu's account takes beside one to the host's, in turns, and the first stage is measured twice.
from measuring import seconds_of
from rows import HOST, LABGPU, Row

import helper


def rows(bench, crowd):
    crowd.have_host_accounts(1)
    stages = bench.size.stages
    samples = {}
    reached = 0
    for accounts, containers in (stages[0], *stages):
        crowd.have_accounts(accounts)
        crowd.have_containers(containers)
        samples[_name(accounts, containers, again=_name(accounts, containers) in samples)] = _ratios(bench, crowd)
        if containers > reached and containers in bench.size.helper_at:
            yield from helper.rows_with(bench, crowd, containers)
        reached = containers
    most_containers = next(stage for stage in stages if stage[1] == stages[-1][1])
    for judged in dict.fromkeys((most_containers, stages[-1])):
        first = _name(*stages[0])
        chosen = {name: samples[name] for name in (first, f"{first} again", _name(*judged))}
        work = "login as a ratio to the host's"
        yield Row(work, "", "≤ 1.03", 1.03, "ratio", chosen, judged=_name(*judged), base=first, control=f"{first} again")


def _name(accounts, containers, again=False):
    return f"{accounts} accounts, {containers} containers" + " again" * again


def _ratios(bench, crowd):
    """How many times as long a login to labgpu's account takes as one to the host's."""

    def login(way):
        return lambda: seconds_of(lambda: crowd.client(1, way).ssh("true").ok())

    found = bench.alternate(bench.size.growth_rounds, {way: login(way) for way in (HOST, LABGPU)})
    return [mine / hosts for mine, hosts in zip(found[LABGPU], found[HOST], strict=True)]
