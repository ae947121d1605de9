# A row of the tables that tests/bench prints: what was measured each way, the goal, and whether it was met.
import dataclasses
import random
import statistics

# The ways that are compared; ways.py says what they are.
HOST, AGAIN, EXEC, SSHD, LABGPU = "host", "host again", "docker exec", "own sshd", "labgpu"

# What there is one table of each of: how long it takes, and what all processes of the server use meanwhile.
TIME, PROCESSOR = "time", "processor time of the server"

MET, MISSED, NOISY, NO_GOAL = "met", "missed", "too noisy to tell", "no goal"

# With fewer, not even the lowest and the highest sample enclose the median with 95 % confidence: that is 1 - 2 / 2**n.
FEWEST_ROUNDS = 6
RESAMPLES = 2000
CONFIDENCE = 0.95


@dataclasses.dataclass
class Row:
    """One kind of work. `samples` has a list for each way; number i of every list was measured in round i."""

    work: str
    unit: str  # "ms", "s", "MB", "%"
    goal: str  # as it is printed
    limit: float | None
    measure: str  # what `limit` limits: "ratio" or "difference" to the base, or "value" by itself
    samples: dict[str, list[float]]
    judged: str = LABGPU
    base: str = HOST
    control: str = AGAIN  # does the same as the base: what differs between these two is the machine's noise
    at_least: bool = False  # the limit is a lower one
    note: str = ""
    what: str = TIME


def median(row, way):
    return statistics.median(row.samples[way])


def p95(row, way):
    """The value that 95 of 100 samples do not exceed."""
    ordered = sorted(row.samples[way])
    return ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]


def ratio(row, way):
    """Median of the ratios to the base, round by round: what drifts over the rounds is in both."""
    return statistics.median(_ratios(row, way))


def difference(row, way):
    return statistics.median(_differences(row, way))


def interval(row, way):
    """Where what the row judges is with 95 % confidence: a bootstrap over the rounds."""
    return _interval(_compared(row, way))


def verdict(row):
    """MET, MISSED, NOISY or NO_GOAL.

    An interval wholly on one side of the limit tells, also when what the control is off by is added to it. Else the
    point does, provided that the interval and the control's error are both smaller than what the goal allows. Of few rounds
    nothing is said.
    """
    if row.limit is None:
        return NO_GOAL
    compared = _compared(row, row.judged)
    if len(compared) < FEWEST_ROUNDS:
        return NOISY
    low, high = _interval(compared)
    error = _control_error(row)
    allowed = abs(row.limit - {"ratio": 1, "difference": 0, "value": 0}[row.measure])
    if high + error <= row.limit:
        below = True
    elif low - error > row.limit:
        below = False
    elif high - low > allowed or error > allowed:
        return NOISY
    else:
        below = statistics.median(compared) <= row.limit
    return MET if below != row.at_least else MISSED


def to_json(row):
    """All of it, with what follows from the samples, for json.dump."""
    found = dataclasses.asdict(row)
    found["verdict"] = verdict(row)
    found["ways"] = {way: _summary(row, way) for way in row.samples}
    return found


def from_json(found):
    return Row(**{field.name: found[field.name] for field in dataclasses.fields(Row)})


def _summary(row, way):
    found = {"median": median(row, way), "p95": p95(row, way), "rounds": len(row.samples[way])}
    if row.base in row.samples:
        found["ratio"] = ratio(row, way)
    found["interval"] = list(interval(row, way))
    return found


def _ratios(row, way):
    return [mine / base for mine, base in _pairs(row, way)]


def _differences(row, way):
    return [mine - base for mine, base in _pairs(row, way)]


def _pairs(row, way):
    return zip(row.samples[way], row.samples[row.base], strict=True)


def _compared(row, way):
    return {"ratio": _ratios, "difference": _differences, "value": lambda row, way: row.samples[way]}[row.measure](row, way)


def _interval(values):
    # The same numbers for the same samples, whoever asks.
    chance = random.Random(1)
    medians = sorted(statistics.median(chance.choices(values, k=len(values))) for _ in range(RESAMPLES))
    outside = int(RESAMPLES * (1 - CONFIDENCE) / 2)
    return medians[outside], medians[-1 - outside]


def _control_error(row):
    """How far the control is from the base, of which it ought to differ in nothing."""
    if row.measure == "value" or row.control not in row.samples:
        return 0.0
    neutral = 1 if row.measure == "ratio" else 0
    return abs(statistics.median(_compared(row, row.control)) - neutral)
