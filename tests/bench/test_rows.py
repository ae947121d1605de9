# What a row says of its samples: a goal is met or missed only on a machine quiet enough to tell.
import random

import pytest

from chart import chart
from report import markdown, table
from rows import MET, MISSED, NO_GOAL, NOISY, Row, difference, from_json, interval, median, p95, ratio, to_json, verdict
from sanity import problems


WAYS = {"host", "host again", "docker exec", "own sshd", "labgpu"}


def samples(factor, spread, rounds=60, again=1.0, docker=1.5):
    """Logins of 100 ms that labgpu takes `factor` times, with noise that every sample has for itself."""
    chance = random.Random(5)
    means = {"host": 100, "host again": 100 * again, "docker exec": 100 * docker, "own sshd": 90, "labgpu": 100 * factor}
    return {way: [mean * (1 + spread * chance.gauss(0, 1)) for _ in range(rounds)] for way, mean in means.items()}


def login(*args, limit=1.02, **options):
    return Row("login", "ms", "≤ 1.02", limit, "ratio", samples(*args, **options))


def test_figures():
    row = Row("x", "ms", "", None, "ratio", {"host": [10.0] * 20, "labgpu": [float(i) for i in range(1, 21)]})
    assert median(row, "labgpu") == 10.5
    assert p95(row, "labgpu") == 20
    assert ratio(row, "labgpu") == 1.05
    assert difference(row, "labgpu") == 0.5


def test_ratio_is_of_rounds():
    """A machine that becomes three times as slow halfway changes nothing."""
    row = Row("x", "ms", "", 1.02, "ratio", {"host": [10.0, 10, 30, 30], "labgpu": [10.1, 10.1, 30.3, 30.3]})
    assert ratio(row, "labgpu") == pytest.approx(1.01)


@pytest.mark.parametrize(
    "factor, spread, expected",
    [(1.005, 0.002, MET), (1.04, 0.002, MISSED), (1.005, 0.1, NOISY), (1.5, 0.1, MISSED), (0.7, 0.1, MET)],
)
def test_verdict_of_a_ratio(factor, spread, expected):
    row = login(factor, spread)
    assert verdict(row) == expected, interval(row, "labgpu")


def test_control_that_is_off_makes_it_too_noisy_to_tell():
    assert verdict(login(1.01, 0.001)) == MET
    assert verdict(login(1.01, 0.001, again=1.03)) == NOISY
    assert verdict(login(1.03, 0.001, again=0.97)) == NOISY


def test_verdict_of_differences_and_values():
    by_hand = {"by hand": [200.0, 210, 220] * 2, "labgpu": [240.0, 251, 259] * 2}
    row = Row("x", "ms", "", 50.0, "difference", by_hand, base="by hand")
    assert verdict(row) == MET
    row.limit = 30.0
    assert verdict(row) == MISSED
    assert verdict(Row("x", "%", "", 1.0, "value", {"labgpu": [0.2, 0.3] * 3})) == MET
    assert verdict(Row("x", "%", "", 0.97, "ratio", samples(0.99, 0.001), at_least=True)) == MET
    assert verdict(Row("x", "%", "", 0.97, "ratio", samples(0.9, 0.001), at_least=True)) == MISSED
    assert verdict(login(1, 0.001, limit=None)) == NO_GOAL


def test_few_rounds_say_nothing():
    assert verdict(login(1, 0, rounds=5)) == NOISY
    assert verdict(login(1, 0, rounds=6)) == MET


def test_more_noise_widens_the_interval():
    narrow, wide = (interval(login(1, spread), "labgpu") for spread in (0.01, 0.05))
    assert narrow[0] < ratio(login(1, 0.01), "labgpu") < narrow[1]
    assert wide[1] - wide[0] > 3 * (narrow[1] - narrow[0])


def test_a_missing_way_and_an_absurd_ratio_are_problems():
    assert not list(problems(login(1.02, 0.01), WAYS))
    disturbed = Row("login", "ms", "", 1.02, "ratio", {**samples(1, 0, rounds=6), "labgpu": [110.0, 120, 300, 300, 300, 300]})
    assert ratio(disturbed, "labgpu") == 3 and not list(problems(disturbed, WAYS)), "noise is no fault"
    assert "over 1.5" in next(problems(login(1.6, 0.01), WAYS))
    row = login(1.02, 0.01)
    del row.samples["own sshd"]
    assert "own sshd" in next(problems(row, WAYS))
    row = login(1.02, 0.01)
    row.samples["labgpu"].pop()
    assert "missing" in next(problems(row, WAYS))
    row.samples["labgpu"].append(0.0)
    assert "no time" in next(problems(row, WAYS))


def test_every_form_shows_the_row():
    row = login(1.005, 0.002, docker=3)
    text = table([row], "a machine")
    assert "a machine" in text and "1.005" in text and "1 goals: 1 met" in text
    assert "| login, ms | 1" in markdown([row]) and "| 1.005 | [1.00" in markdown([row])
    assert "login" in chart([row]) and ">3.0</text>" in chart([row])
    assert from_json(to_json(row)) == row
    assert to_json(row)["ways"]["labgpu"]["ratio"] == pytest.approx(1.005, abs=0.002)
