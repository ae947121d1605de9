# Many logins at a time: how many a second.
import concurrent.futures
import time

from measuring import seconds_of
from rows import LABGPU, Row, median

from crowd import WAYS


def rows(bench, crowd):
    """Of an account each, as when a course begins; and all of one account's, which has something to start only once."""
    amounts = bench.size
    many = amounts.at_a_time
    yield _row(bench, crowd, 1, amounts.login_rounds)
    yield _row(bench, crowd, many, amounts.rush_rounds, amounts.rush_pause)


def _row(bench, crowd, accounts, rounds, pause=0):
    for have in (crowd.have_host_accounts, crowd.have_accounts, crowd.have_containers):
        have(accounts)

    def measure(way):
        time.sleep(pause)
        return _logins_a_second([crowd.client(number, way) for number in range(1, accounts + 1)], bench.size)

    samples = bench.alternate(rounds, {way: lambda way=way: measure(way) for way in WAYS})
    of = f"{accounts} accounts" if accounts > 1 else "one account"
    work = f"{bench.size.logins} logins of {of}, {bench.size.at_a_time} at a time"
    row = Row(work, "/s", "≥ 0.97", 0.97, "ratio", samples, at_least=True)
    row.note = f"{work}: {median(row, LABGPU):.1f} a second to labgpu's; clients are on the same machine."
    return row


def _logins_a_second(clients, amounts):
    """Each client has its turns, so that as few as possible of those at a time are of one account."""

    def log_in(number):
        clients[number % len(clients)].ssh("true", timeout=120).ok()

    with concurrent.futures.ThreadPoolExecutor(amounts.at_a_time) as pool:
        return amounts.logins / seconds_of(lambda: list(pool.map(log_in, range(amounts.logins))))
