# How much is measured: a table for docs/PERFORMANCE.md, or a quick look at whether everything works.
import dataclasses

MIB = 1024**2


@dataclasses.dataclass(frozen=True)
class Size:
    """Rounds, and how much work is in one."""

    logins: int  # beside an open session
    default_logins: int  # beside one, with the key exchange of OpenSSH's choice
    password_logins: int  # beside one, of accounts that have a password
    lone_logins: int  # without another session of the account's
    shared_logins: int  # over a connection that is there
    starts: int  # of containers
    streamed: int  # bytes through a session or a forwarding
    streams: int
    copied: int  # bytes of the one large file
    small_files: int
    copies: int  # of it
    small_copies: int  # of all of those
    connections: int  # through a forwarding, one after the other
    connecting: int
    keys: int  # typed in a round
    typing: int
    shown: int  # bytes to a terminal
    showings: int


FULL = Size(
    logins=400,
    default_logins=120,
    password_logins=200,
    lone_logins=120,
    shared_logins=300,
    starts=25,
    streamed=1024 * MIB,
    streams=13,
    copied=1024 * MIB,
    small_files=10_000,
    copies=7,
    small_copies=13,
    connections=1000,
    connecting=25,
    keys=50,
    typing=80,
    shown=100_000_000,
    showings=15,
)

SHORT = Size(
    logins=6,
    default_logins=5,
    password_logins=5,
    lone_logins=5,
    shared_logins=6,
    starts=2,
    streamed=32 * MIB,
    streams=3,
    copied=32 * MIB,
    small_files=150,
    copies=2,
    small_copies=2,
    connections=50,
    connecting=3,
    keys=20,
    typing=3,
    shown=4_000_000,
    showings=3,
)
