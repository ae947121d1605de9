# Many logins at a time: how many a second.
import concurrent.futures

from measuring import seconds_of
from rows import LABGPU, Row, median

from crowd import WAYS


def rows(bench, crowd):
    amounts = bench.size
    crowd.have_host_accounts(1)
    crowd.have_accounts(1)
    crowd.have_containers(1)
    measures = {way: lambda way=way: _logins_a_second(crowd.client(1, way), amounts) for way in WAYS}
    samples = bench.alternate(amounts.login_rounds, measures)
    work = f"{amounts.logins} logins, {amounts.at_a_time} at a time"
    row = Row(work, "/s", "≥ 0.97", 0.97, "ratio", samples, at_least=True)
    row.note = f"{work}: {median(row, LABGPU):.1f} logins a second to labgpu's account; clients are on the same machine."
    yield row


def _logins_a_second(client, amounts):
    with concurrent.futures.ThreadPoolExecutor(amounts.at_a_time) as pool:

        def all_of_them():
            list(pool.map(lambda _: client.ssh("true", timeout=120).ok(), range(amounts.logins)))

        return amounts.logins / seconds_of(all_of_them)
