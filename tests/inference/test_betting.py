"""Confidence sequences by betting, against capitals that are multiplied one term after another."""

from __future__ import annotations

from math import log, sqrt

import numpy as np
import pytest

from rankeval.array_types import Floats
from rankeval.inference.betting import Candidates, Sums, betting_path, bounds, path_times, play

TAIL = 0.025


def sequence(stretches: list[Floats], tail: float) -> list[tuple[int, tuple[float, float] | None]]:
    """The path of the interval over the terms of some stretches."""
    total = sum(map(Sums.of, stretches), Sums())
    candidates, times, before = Candidates.around(total), path_times(total.n), Sums()
    played = play(np.zeros(0), before, candidates, tail, times)
    for z in stretches:
        played, before = played.then(play(z, before, candidates, tail, times)), before + Sums.of(z)
    return betting_path(played, candidates, tail)


def largest_capital(z: Floats, m: float, sign: int, upto: int) -> float:
    """The largest capital against the mean ``m`` over the first ``upto`` terms, the long way round."""
    capital, largest, total, squares = 1.0, 1.0, 0.0, 0.0
    for t, x in enumerate(z[:upto]):
        spread = 0.25 if t == 0 else (0.25 + max(squares - total**2 / t, 0.0)) / (t + 1)
        bet = sqrt(2.0 * log(1.0 / TAIL) / (spread * (t + 1) * log(t + 2)))
        capital *= 1.0 + sign * min(bet, 0.5 / max(m if sign > 0 else 1.0 - m, 1e-300)) * (x - m)
        largest, total, squares = max(largest, capital), total + x, squares + x * x
    return largest


def random_terms(n: int, seed: int = 0) -> Floats:
    rng = np.random.default_rng(seed)
    return np.where(rng.random(n) < 0.2, rng.random(n), 0.0)


@pytest.mark.parametrize("n", [1, 2, 63, 64, 65, 400])
def test_capitals_are_products(n: int) -> None:
    z, times = random_terms(n), np.array([1, 30, n])
    candidates = Candidates(np.array([0.0, 0.05, 0.3, 1.0]), np.array([0.0, 0.1, 0.9, 1.0]))
    played = play(z, Sums(), candidates, TAIL, np.unique(times[times <= n]))
    for row, upto in enumerate(played.times):
        high = [log(largest_capital(z, m, 1, upto)) for m in candidates.above]
        low = [log(largest_capital(z, m, -1, upto)) for m in candidates.below]
        np.testing.assert_allclose(played.snapshots[row], [*high, *low], atol=1e-9)
    np.testing.assert_allclose(played.best, played.snapshots[-1], atol=1e-12)


def test_ends_are_next_to_where_a_capital_reaches_its_goal() -> None:
    z = random_terms(1500, seed=3)
    ends = sequence([z], TAIL)[-1][1]
    assert ends is not None
    low, high = ends
    for end, sign in ((low, 1), (high, -1)):
        assert largest_capital(z, end, sign, 1500) >= 1.0 / TAIL
        assert largest_capital(z, end + sign * 0.05 * (high - low), sign, 1500) < 1.0 / TAIL


def test_stretches_of_any_length_give_the_same_path() -> None:
    z = random_terms(1000, seed=1)
    whole = sequence([z], TAIL)
    parts = sequence([z[:1], z[1:1], z[1:500], z[500:]], TAIL)
    assert [n for n, _ in parts] == [n for n, _ in whole] == path_times(1000).tolist()
    np.testing.assert_allclose([ends for _, ends in parts], [ends for _, ends in whole], atol=1e-12)


def test_a_path_narrows() -> None:
    path = [ends for _, ends in sequence([random_terms(5000, seed=2)], TAIL) if ends is not None]
    lows, highs = np.array(path).T
    assert (np.diff(lows) >= 0.0).all()
    assert (np.diff(highs) <= 0.0).all()
    assert (lows[0], highs[0]) == (0.0, 1.0)


@pytest.mark.parametrize("value", [0.0, 1.0, 0.5])
def test_terms_that_are_all_alike_leave_a_width(value: float) -> None:
    """Without any reward the upper end is not 0."""
    ends = sequence([np.full(500, value)], TAIL)[-1][1]
    assert ends is not None
    assert ends[0] <= value <= ends[1]
    assert ends[1] - ends[0] > 0.005


def test_a_mean_that_changes_leaves_no_interval() -> None:
    assert sequence([np.zeros(500), np.ones(5000)], TAIL)[-1][1] is None


@pytest.mark.parametrize(("rate", "n"), [(0.004, 500), (0.3, 300)])
def test_the_mean_is_held_at_all_times(rate: float, n: int) -> None:
    """300 sequences at level 95 %: fewer than 26 miss, 3 standard errors more than the 15 that may."""
    missed = 0
    for seed in range(300):
        rng = np.random.default_rng([seed, n])
        z = (rng.random(n) < rate) * rng.choice([0.2, 1.8], n) / 1.8
        candidates = Candidates.around(Sums.of(z))
        ends = bounds(play(z, Sums(), candidates, TAIL, path_times(n)).best, candidates, TAIL)
        missed += ends is None or not ends[0] <= rate / 1.8 <= ends[1]
    assert missed <= 26
