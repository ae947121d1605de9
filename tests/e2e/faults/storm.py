# Faults, drawn from a seed, one after the other and sometimes two at once, while people log in.
import contextlib
import random
import threading
import time

from catalogue import FAULTS
from load import Load
from people_under_load import ACCOUNTS
from processes import PATIENCE

# After a fault's end everybody gets in again within this time, without help. Docker's own restart is the longest part.
WHOLE_AGAIN = 60 * PATIENCE
PAIR = 0.25  # how often a second fault comes to the first


class AtWork:
    """Which faults are at work, and were: from right before the first byte of one until everybody got in again."""

    def __init__(self, tally):
        self.tally = tally
        self.lock = threading.Lock()
        self.spans = []  # [fault, from, to or None]

    @contextlib.contextmanager
    def fault(self, fault):
        span = [fault, self.tally.now(), None]
        with self.lock:
            self.spans.append(span)
        try:
            yield
        finally:
            with self.lock:
                span[2] = self.tally.now()

    def between(self, start, end):
        with self.lock:
            return [fault for fault, began, ended in self.spans if began <= end and (ended is None or ended >= start)]


class Deck:
    """Every fault once in an order of chance, then every one again."""

    def __init__(self, draw):
        self.draw = draw
        self.cards = []

    def next(self, unlike=None):
        if not self.cards:
            self.cards = self.draw.sample(FAULTS, len(FAULTS))
        for card in self.cards:
            if unlike is None or not card.targets & unlike.targets:
                self.cards.remove(card)
                return card
        return None


class Storm:
    def __init__(self, server, people, tally, seed, seconds, folder):
        self.server = server
        self.people = people
        self.tally = tally
        self.seconds = seconds
        self.draw = random.Random(seed)
        self.deck = Deck(self.draw)
        self.at_work = AtWork(tally)
        self.load = Load(people, tally, self.at_work, seed, folder)
        self.broken = self.load.broken

    def blow(self):
        """Until the time is over; what goes wrong is in the tally, and what broke in the test itself in `broken`."""
        with self.load:
            self._everybody_in(self.tally.now())
            while self.tally.now() < self.seconds and not self.broken:
                self._wave()
                time.sleep(self.draw.uniform(0.3, 2))
            time.sleep(3)  # some logins of the time after it

    def _wave(self):
        first = self.deck.next()
        second = self.deck.next(unlike=first) if self.draw.random() < PAIR else None
        faults = [fault for fault in (first, second) if fault]
        with contextlib.ExitStack() as spans:
            mending = []
            for fault in faults:
                account = self.draw.choice(ACCOUNTS)
                held = self.draw.uniform(*fault.seconds)
                spans.enter_context(self.at_work.fault(fault))
                self._script(fault.name, fault.begin, account)
                mending.append((self.tally.now() + held, fault, account))
            for until, fault, account in sorted(mending, key=lambda entry: entry[0]):
                time.sleep(max(0.0, until - self.tally.now()))
                if fault.end:
                    self._script(f"end of {fault.name}", fault.end, account)
            over = self.tally.now()
            self._everybody_in(over)
        for fault in faults:
            self.tally.fault(fault.name, self.tally.now() - over)

    def _script(self, name, script, account):
        """A script that fails is noted, and the next one goes on: what is broken has to be mended."""
        self.tally.note(f"{name} ({account})" if "{user}" in script else name)
        try:
            result = self.server.try_sh("set -e\n" + script.replace("{user}", account), timeout=90)
            problem = None if result.status == 0 else repr(result)
        except AssertionError as late:
            problem = str(late)
        if problem:
            self.broken.append(f"{self.tally.now():.1f} s: {name} could not be done: {problem}")

    def _everybody_in(self, moment):
        """Everybody gets in with a login that began after that moment."""
        names = [person.name for person in self.people]
        while not self.tally.all_fine_since(names, moment):
            if self.tally.now() - moment > WHOLE_AGAIN:
                out = [name for name in names if not self.tally.all_fine_since([name], moment)]
                self.broken.append(f"{self.tally.now():.1f} s: not whole again after {WHOLE_AGAIN:.0f} s: {out} cannot get in")
                return
            if self.load.broken:
                return
            time.sleep(0.1)
        self.tally.note(f"everybody in {self.tally.now() - moment:.1f} s later")
