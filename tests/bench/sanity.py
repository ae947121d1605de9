# What has to be so on any machine, however noisy: every way gave results, and none is absurd.
import rows as r
from rows import EXEC, HOST

# Ratios to a host account that no noise explains, because every round, or nearly, was over them.
ABSURD_LOGIN = 1.5
ABSURD = 3.0
ABSURD_MILLISECONDS = 3000
ABSURD_SHARE = 50


def problems(row, compared):
    """Sentences; none when the row may stand in a table. `compared`: the ways that a row has which has a host account."""
    if row.base == HOST and HOST in row.samples:
        expected = compared - ({EXEC} if EXEC in row.note else set())
        if missing := expected - set(row.samples):
            yield f"no results for {', '.join(sorted(missing))}"
    counts = {way: len(samples) for way, samples in row.samples.items()}
    if len(set(counts.values())) != 1 or 0 in counts.values():
        yield f"results are missing: {counts}"
    elif row.measure == "ratio" and not all(sample > 0 for samples in row.samples.values() for sample in samples):
        yield "something took no time"
    else:
        yield from _absurd(row)


def _absurd(row):
    units = {("difference", "ms"): ABSURD_MILLISECONDS, ("value", "%"): ABSURD_SHARE}
    limit = ABSURD if row.measure == "ratio" else units.get((row.measure, row.unit))
    if row.work.startswith("login"):
        limit = ABSURD_LOGIN
    if limit is None:
        return
    low, high = r.interval(row, row.judged)
    if low > limit:
        yield f"{row.judged} is between {low:.2f} and {high:.2f}, and over {limit} nothing but a fault is"
