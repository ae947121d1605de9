# What is counted while faults are at work: per fault and in all, and what is printed of it.
import collections
import dataclasses
import threading
import time

from judge import Verdict

CALM = "(none)"


@dataclasses.dataclass
class Row:
    times: int = 0
    verdicts: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    longest_login: float = 0.0
    longest_recovery: float = 0.0


class Tally:
    """Logins and faults of a storm. Times are seconds since it began."""

    def __init__(self):
        self.lock = threading.Lock()
        self.began = time.monotonic()
        self.rows = collections.defaultdict(Row)
        self.total = Row()
        self.messages = collections.Counter()
        self.wrong = []
        self.timeline = []
        self.last_fine = {}  # who: when the latest login began that was fine

    def now(self):
        return time.monotonic() - self.began

    def note(self, text):
        with self.lock:
            self.timeline.append(f"{self.now():7.1f} s  {text}")

    def fault(self, name, recovery):
        with self.lock:
            row = self.rows[name]
            row.times += 1
            row.longest_recovery = max(row.longest_recovery, recovery)

    def login(self, who, kind, began, seconds, judgement, faults):
        """One login; FAULTS are the names of those that were at work at any moment of it."""
        with self.lock:
            for row in [self.total, *(self.rows[name] for name in faults or [CALM])]:
                row.verdicts[judgement.verdict] += 1
                row.longest_login = max(row.longest_login, seconds)
            if judgement.verdict == Verdict.FINE:
                self.last_fine[who] = max(began, self.last_fine.get(who, 0.0))
            elif judgement.verdict == Verdict.REFUSED:
                self.messages[judgement.says] += 1
                self.timeline.append(f"{began:7.1f} s  {kind} of {who}, {seconds:.1f} s long: {judgement.says}")
            else:
                during = ", ".join(faults) or "no fault"
                self.wrong.append(f"{began:.1f} s, {seconds:.1f} s long, {kind} of {who} during {during}: {judgement.says}")

    def all_fine_since(self, people, moment):
        with self.lock:
            return all(self.last_fine.get(who, -1.0) >= moment for who in people)

    def table(self):
        heads = f"{'times':>5} {'tried':>6} {'fine':>6} {'refused':>7} {'wrong':>5} {'longest login':>14} {'whole again':>12}"
        yield f"{'fault':32} {heads}"
        for name, row in [*sorted(self.rows.items()), ("all", self.total)]:
            fine, refused, wrong = (row.verdicts[verdict] for verdict in Verdict)
            yield (
                f"{name:32} {row.times or '':>5} {row.verdicts.total():>6} {fine:>6} {refused:>7} {wrong:>5}"
                f" {row.longest_login:>12.1f} s {row.longest_recovery:>10.1f} s"
            )

    def report(self):
        yield from self.table()
        yield "refused with:"
        yield from (f"{count:>6}  {says}" for says, count in self.messages.most_common())
        yield from (f"WRONG: {line}" for line in self.wrong)
        yield "what happened when:"
        yield from sorted(self.timeline)
