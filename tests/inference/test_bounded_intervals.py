"""Intervals from stated ranges: by hand, exact binomial intervals, coverage, and null with the reason."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from rankeval.inference import Facts, Inference, Interval, Mean, Moments, Weighted, pairs_needed

VALUE, GAIN = Mean(1), Mean(1) - Mean(0)
PAIRS = pairs_needed([GAIN, Mean(1) + Mean(2), GAIN + Mean(2)])


def moments_of(weights, rewards, keys=None, counts=None) -> Moments:
    w, r = np.asarray(weights, float), np.asarray(rewards, float)
    return Moments.of(np.vstack([r, w * r, w]), PAIRS, keys, counts)


def weighted(high: float = math.inf, baseline: int = 0, reward=(0.0, 1.0)) -> Facts:
    return Facts(weighted=Weighted(2, reward, (0.0, high), math.isfinite(high), baseline))


def interval(method: str, moments: Moments, facts: Facts, functional=VALUE, **options) -> Interval:
    return Inference(moments, methods=(method,), **options).estimate(functional, facts).intervals[0]


def test_hoeffding_by_hand() -> None:
    """Terms 0, 1, 2, 3 in [0, 4]: 1.5 +- 4 sqrt(log 40 / 8)."""
    found = interval("hoeffding", moments_of([1.0] * 4, [0.0, 1.0, 2.0, 3.0]), Facts((0.0, 4.0)))
    margin = 4.0 * math.sqrt(math.log(40.0) / 8.0)
    assert margin > 1.5
    assert (found.low, found.high) == (0.0, pytest.approx(min(1.5 + margin, 4.0), rel=1e-14))


def test_bernstein_by_hand() -> None:
    """Variance 1.25 of 100 terms in [0, 4]."""
    terms = np.tile([0.0, 1.0, 2.0, 3.0], 25)
    found = interval("bernstein", moments_of(np.ones(100), terms), Facts((0.0, 4.0)), level=0.9)
    logarithm = math.log(2.0 / 0.05)
    margin = math.sqrt(2.0 * 125.0 / 99.0 * logarithm / 100.0) + 7.0 * 4.0 * logarithm / (3.0 * 99.0)
    assert found.low == pytest.approx(max(1.5 - margin, 0.0), rel=1e-12)
    assert found.high == pytest.approx(1.5 + margin, rel=1e-12)


@pytest.mark.parametrize(("rewards", "n"), [(0, 50), (3, 50), (5, 1000)])
def test_clopper_pearson_of_weights_of_1_is_the_exact_binomial_interval(rewards: int, n: int) -> None:
    found = interval("clopper_pearson", moments_of(np.ones(n), np.arange(n) < rewards), weighted())
    wanted = stats.binomtest(rewards, n).proportion_ci(0.95, "exact")
    assert (found.low, found.high) == (
        pytest.approx(wanted.low, rel=1e-9),
        pytest.approx(wanted.high, rel=1e-9),
    )


def test_clopper_pearson_follows_the_scale_of_rewards_and_weights() -> None:
    w, r = np.tile([0.5, 1.5], 500), np.arange(1000) % 250 == 0
    plain = interval("clopper_pearson", moments_of(w, r), weighted(4.0))
    moved = interval("clopper_pearson", moments_of(w, 10.0 * r - 2.0), weighted(4.0, reward=(-2.0, 8.0)))
    successes, trials = float((w * r).sum()) / 4.0, 250.0
    assert plain.high == pytest.approx(stats.beta.ppf(0.975, successes + 1, trials - successes), rel=1e-9)
    assert moved.high == pytest.approx(10.0 * (plain.high or 0.0) - 2.0, rel=1e-9)
    assert moved.low == pytest.approx(10.0 * (plain.low or 0.0) - 2.0, rel=1e-9)


def test_no_reward_at_all_gives_the_rule_of_three() -> None:
    found = interval("clopper_pearson", moments_of(np.ones(500), np.zeros(500)), weighted())
    assert found.low == 0.0
    assert found.high == pytest.approx(1.0 - 0.025 ** (1.0 / 500.0), rel=1e-12)


@pytest.mark.parametrize(
    ("method", "facts", "functional", "reason"),
    [
        ("hoeffding", Facts(unbounded="state the range"), VALUE, "state the range"),
        ("clopper_pearson", Facts(unweighted="state the range"), VALUE, "state the range"),
        ("clopper_pearson", weighted(4.0, 1), GAIN, "it is for values, not for gains"),
        (
            "clopper_pearson",
            weighted(4.0),
            VALUE,
            "it is for rare rewards: a mean of at most 0.1 of their range",
        ),
    ],
)
def test_null_with_the_reason(method: str, facts: Facts, functional, reason: str) -> None:
    found = interval(method, moments_of(np.tile([0.5, 1.5], 50), np.ones(100)), facts, functional)
    assert (found.low, found.high, found.reason) == (None, None, reason)


@pytest.mark.parametrize("method", ["hoeffding", "bernstein", "clopper_pearson", "likelihood"])
def test_units_that_depend_or_weigh_have_none(method: str) -> None:
    facts = Facts((0.0, 2.0), weighted=weighted(4.0).weighted)
    w, r, keys = np.tile([0.5, 1.5], 50), np.arange(100) < 4, np.arange(100, dtype=np.uint64)
    clustered = interval(method, moments_of(w, r, keys), facts, clustered=True)
    assert "units of a cluster depend" in (clustered.reason or "")
    counted = interval(method, moments_of(w, r, counts=np.full(100, 1.5)), facts)
    assert "its units have weights" in (counted.reason or "")


@pytest.mark.parametrize("method", ["hoeffding", "bernstein", "clopper_pearson", "likelihood"])
def test_they_hold_where_normal_intervals_do_not(method: str) -> None:
    """500 rounds, 1 reward in 250, weights 0.2 or 1.8: the share of logs is at least 95 %, less 3 errors."""
    rng, held, normal, logs = np.random.default_rng(0), 0, 0, 200
    facts = Facts((0.0, 1.8), weighted=weighted(1.8).weighted)
    for _ in range(logs):
        w, r = rng.choice([0.2, 1.8], 500), rng.random(500) < 0.004
        moments = moments_of(w, r)
        held += interval(method, moments, facts).holds(0.004)
        normal += interval("normal", moments, facts).holds(0.004)
    least = 0.95 - 3.0 * math.sqrt(0.95 * 0.05 / logs)
    assert normal / logs < least <= held / logs


METHODS = (
    "normal",
    "student",
    "bootstrap",
    "bootstrap_t",
    "hoeffding",
    "bernstein",
    "clopper_pearson",
    "likelihood",
)


@pytest.mark.parametrize("side", ["lower", "upper"])
def test_a_bound_is_an_end_of_the_interval_that_fails_as_often_on_each_side(side: str) -> None:
    rng = np.random.default_rng(1)
    moments = moments_of(
        rng.choice([0.2, 1.8], 4000), rng.random(4000) < 0.05, np.arange(4000, dtype=np.uint64)
    )
    facts = Facts((0.0, 1.8), weighted=weighted(1.8).weighted)
    two = Inference(moments, 0.9, methods=METHODS).estimate(VALUE, facts).intervals
    one = Inference(moments, 0.95, side=side, methods=METHODS).estimate(VALUE, facts).intervals  # type: ignore[arg-type]
    for method, central, bound in zip(METHODS, two, one, strict=True):
        assert (bound.method, bound.level, bound.side, bound.reason) == (method, 0.95, side, None)
        ends = (central.low, None) if side == "lower" else (None, central.high)
        known = 0 if side == "lower" else 1
        assert (bound.low, bound.high)[known] == pytest.approx(ends[known], rel=1e-9)
        assert (bound.low, bound.high)[1 - known] is None
        assert bound.holds(1e9) == (side == "lower")
        assert bound.holds(-1e9) == (side == "upper")
