# How many of everything: for docs/PERFORMANCE.md, or a quick look at whether it works.
import dataclasses

from measuring import FORGOTTEN_AFTER


@dataclasses.dataclass(frozen=True)
class Amounts:
    logins: int  # in a round
    at_a_time: int
    login_rounds: int  # of one account
    rush_rounds: int  # of as many as there are at a time
    rush_pause: int  # seconds before each
    sessions: int  # of one connection
    connections: int  # each an account's, a round each
    lone_sessions: int  # in a round, with a connection each
    idle_seconds: int
    idle_rounds: int
    restarts: int
    containers: tuple[int, ...]  # each with an account
    accounts: tuple[int, ...]  # with the most containers
    helper_at: tuple[int, ...]  # containers that the helper is measured with
    growth_rounds: int


FULL = Amounts(
    logins=500,
    at_a_time=50,
    login_rounds=10,
    rush_rounds=8,
    rush_pause=FORGOTTEN_AFTER,
    sessions=250,
    connections=8,
    lone_sessions=25,
    idle_seconds=60,
    idle_rounds=6,
    restarts=9,
    containers=(10, 100, 200, 500),
    accounts=(1000, 10_000),
    helper_at=(200, 500),
    growth_rounds=200,
)

SHORT = Amounts(
    logins=40,
    at_a_time=10,
    login_rounds=2,
    rush_rounds=1,
    rush_pause=0,
    sessions=10,
    connections=2,
    lone_sessions=3,
    idle_seconds=5,
    idle_rounds=1,
    restarts=1,
    containers=(10, 20),
    accounts=(40,),
    helper_at=(20,),
    growth_rounds=5,
)
