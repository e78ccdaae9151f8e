"""The best of several candidates: the correction against a slow version, and how often it holds."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import optimize, stats

from rankeval.inference import Functional, Inference, Mean, Moments, Within, best_index, chosen, pairs_needed
from rankeval.inference.roots import root_of
from rankeval.inference.simultaneous import factor, largest_t_quantile


def joint(values: np.ndarray, level: float = 0.95) -> tuple[Inference, list[Functional]]:
    pairs = pairs_needed([Mean(i) - Mean(j) for i, j in combinations(range(len(values)), 2)])
    means: list[Functional] = [Mean(i) for i in range(len(values))]
    return Inference(Moments.of(values, pairs), level, students_t=True), means


def naive_hybrid(values: np.ndarray, winner: int, level: float) -> tuple[float, float, float]:
    """Andrews, Kitagawa & McCloskey (2024), section 4, with the truncation found by moving the estimate."""
    n = values.shape[1]
    means, covariance = values.mean(axis=1), np.cov(values) / n
    variance = covariance[winner, winner]
    rest = means - covariance[:, winner] / variance * means[winner]

    def wins(y: float) -> bool:
        moved = rest + covariance[:, winner] / variance * y
        return int(np.argmax(moved)) == winner

    error, y = np.sqrt(variance), means[winner]
    grid = y + error * np.linspace(-12, 12, 240_001)
    winning = grid[[wins(value) for value in grid[::400]].index(True) * 400 :]  # wins from here on
    assert all(wins(value) for value in winning[400::4000])
    low = optimize.bisect(lambda value: 0.5 - wins(value), grid[0], y) if not wins(grid[0]) else -np.inf
    alpha, beta = 1 - level, 0.1 * (1 - level)
    band = largest_t_quantile(factor(covariance), n - 1, 1 - beta) * error
    spread = error * stats.t.ppf(1 - alpha / 2, n - 1) / stats.norm.ppf(1 - alpha / 2)

    def below(mean: float) -> float:
        least, most = max(low, mean - band), mean + band
        law = stats.truncnorm((least - mean) / spread, (most - mean) / spread, mean, spread)
        return float(law.cdf(y))

    outside = (alpha - beta) / (1 - beta) / 2
    found = [
        optimize.brentq(lambda mean, p=p: below(mean) - p, y - band + 1e-9, y + band - 1e-9)
        for p in (1 - outside, 0.5, outside)
    ]
    return found[0], found[1], found[2]


@pytest.mark.parametrize("seed", range(4))
def test_the_correction_as_a_slow_version_computes_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(4, 40)) + 0.7 * rng.normal(size=40)
    inference, means = joint(values, 0.9)
    winner = int(np.argmax(values.mean(axis=1)))
    assert best_index(inference, means, 1.0) == winner
    found = chosen(inference, means, means, winner, means[winner], 1.0)
    low, middle, high = naive_hybrid(values, winner, 0.9)
    assert found.interval.method == "hybrid"
    assert (found.interval.low, found.corrected, found.interval.high) == pytest.approx(
        (low, middle, high), abs=1e-5
    )


def test_the_smallest_is_the_mirror_of_the_largest() -> None:
    values = np.random.default_rng(2).normal(size=(5, 30))
    inference, means = joint(values)
    mirrored, _ = joint(-values)
    best = best_index(inference, means, 1.0)
    assert best == best_index(mirrored, means, -1.0)
    up = chosen(inference, means, means, best, means[best], 1.0)
    down = chosen(mirrored, means, means, best, means[best], -1.0)
    assert down.corrected == pytest.approx(-up.corrected, abs=1e-12)
    assert (down.interval.low, down.interval.high) == pytest.approx((-up.interval.high, -up.interval.low))


def test_a_clear_winner_needs_no_correction() -> None:
    values = np.random.default_rng(4).normal(size=(3, 500))
    values[1] += 5.0
    inference, means = joint(values)
    found = chosen(inference, means, means, 1, means[1], 1.0)
    assert found.corrected == pytest.approx(found.naive.value, abs=0.02 * found.naive.std_error)
    plain = found.naive.intervals[0]
    assert (found.interval.low, found.interval.high) == pytest.approx(
        (plain.low, plain.high), abs=0.1 * found.naive.std_error
    )


def test_a_tie_takes_the_simultaneous_interval() -> None:
    hits = np.zeros((2, 20))
    hits[0, :10], hits[1, 5:15] = 1.0, 1.0
    inference, means = joint(hits)
    within = [Within(mean, 0.0, 1.0) for mean in means]
    found = chosen(inference, means, within, 0, within[0], 1.0)
    root = factor(np.cov(hits) / 20)
    margin = largest_t_quantile(root, 19, 0.95) * found.naive.std_error
    assert found.interval.method == "projection"
    assert (found.interval.low, found.interval.high) == pytest.approx((0.5 - margin, 0.5 + margin))
    assert 0.5 - margin < found.corrected < 0.5


def test_the_same_candidate_twice_is_no_rival() -> None:
    values = np.random.default_rng(6).normal(size=(2, 30))
    twice = np.vstack([values, values[np.argmax(values.mean(axis=1))]])
    inference, means = joint(values)
    doubled, three = joint(twice)
    best = best_index(inference, means, 1.0)
    once = chosen(inference, means, means, best, means[best], 1.0)
    again = chosen(doubled, three, three, best, three[best], 1.0)
    assert again.interval.method == "hybrid"
    assert again.corrected == pytest.approx(once.corrected, rel=1e-3)


def test_a_winner_without_spread_has_a_reason() -> None:
    values = np.vstack([np.ones(20), np.arange(20) % 2])
    inference, means = joint(values)
    found = chosen(inference, means, means, 0, means[0], 1.0)
    assert (found.corrected, found.interval.low) == (None, None)
    assert found.interval.reason


@pytest.mark.parametrize(("correlation", "spread"), [(0.0, 0.0), (0.9, 0.0), (0.0, 3.0)])
def test_corrected_intervals_of_the_best_of_ten_hold(correlation: float, spread: float) -> None:
    """150 samples of 30 units; the naive interval of equal, independent candidates holds in about 78 %."""
    rng = np.random.default_rng(7)
    truth = np.linspace(0, spread, 10) / np.sqrt(30)
    naive = held = above = 0
    for _ in range(150):
        common = np.sqrt(correlation) * rng.normal(size=30)
        values = truth[:, np.newaxis] + common + np.sqrt(1 - correlation) * rng.normal(size=(10, 30))
        inference, means = joint(values)
        best = best_index(inference, means, 1.0)
        found = chosen(inference, means, means, best, means[best], 1.0)
        naive += found.naive.intervals[0].holds(truth[best])
        held += found.interval.holds(truth[best])
        above += found.corrected > truth[best]
    assert held >= 150 * 0.95 - 3 * np.sqrt(150 * 0.95 * 0.05)
    assert abs(above / 150 - 0.5) <= 0.03 + 3 * 0.5 / np.sqrt(150)
    if correlation == spread == 0.0:
        assert naive < 0.87 * 150


@pytest.mark.parametrize("root", [-3.7, 0.0, 1e-9, 12.5])
def test_roots(root: float) -> None:
    assert root_of(lambda x: np.tanh(x - root), -20.0, 30.0) == pytest.approx(root, abs=1e-8)
    assert root_of(lambda x: -((x - root) ** 3), -20.0, 30.0) == pytest.approx(root, abs=1e-3)
    assert root_of(lambda x: x + 1.0, 0.0, 5.0) == 0.0
    assert root_of(lambda x: x - 9.0, 0.0, 5.0) == 5.0
