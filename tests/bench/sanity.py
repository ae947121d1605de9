# What has to be so on any machine, however noisy: every way gave results, and none is absurd.
import rows as r
from rows import AGAIN, EXEC, HOST, LABGPU, SSHD

# Ratios to a host account that no noise explains, because every round, or nearly, was over them.
ABSURD_LOGIN = 1.5
ABSURD = 3.0
ABSURD_MILLISECONDS = 3000
ABSURD_SHARE = 50


def problems(row):
    """Sentences; none when the row may stand in a table."""
    if row.base == HOST and HOST in row.samples:
        expected = {HOST, AGAIN, SSHD, LABGPU} | (set() if "docker exec" in row.note else {EXEC})
        if missing := expected - set(row.samples):
            yield f"no results for {', '.join(sorted(missing))}"
    counts = {way: len(samples) for way, samples in row.samples.items()}
    if len(set(counts.values())) != 1 or 0 in counts.values():
        yield f"results are missing: {counts}"
    elif not all(sample > 0 for samples in row.samples.values() for sample in samples):
        yield "something took no time"
    else:
        yield from _absurd(row)


def _absurd(row):
    limits = {"difference": ABSURD_MILLISECONDS, "value": ABSURD_SHARE, "ratio": ABSURD}
    limit = ABSURD_LOGIN if row.work.startswith("login") else limits[row.measure]
    low, high = r.interval(row, row.judged)
    if low > limit:
        yield f"{row.judged} is between {low:.2f} and {high:.2f}, and over {limit} nothing but a fault is"
