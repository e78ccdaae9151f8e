"""Intervals by empirical likelihood, against a general optimiser and against a published implementation."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy import optimize, stats

from rankeval import ope
from rankeval.inference import Facts, Inference, Mean, Moments, Weighted, pairs_needed
from tests.paths import REFERENCE as REFERENCES

REFERENCE = REFERENCES / "ope"
needs_reference = pytest.mark.skipif(not REFERENCE.is_dir(), reason=f"no reference values at {REFERENCE}")
VALUE, GAIN = Mean(1), Mean(1) - Mean(0)


def found(w, r, baseline: int, weights, reward=(0.0, 1.0), level: float = 0.95):
    terms = np.vstack([r, w * r, w])
    moments = Moments.of(terms, pairs_needed([GAIN + Mean(2)]))
    facts = Facts(weighted=Weighted(2, reward, weights, True, baseline))
    inference = Inference(moments, level, methods=("likelihood",))
    return inference.estimate(GAIN if baseline else VALUE, facts).intervals[0]


def naive(w, r, baseline: int, weights, reward, level: float, sign: int) -> float:
    """The least mean of ``sign x``, by a general optimiser over probabilities, for each unseen unit."""
    n = len(w)
    critical = stats.f.ppf(level, 1, n)
    unseen = weights[1] if w.mean() < 1.0 else weights[0]
    base = _least(np.append(w, unseen), None, None)
    ends = []
    for weight in weights:
        rewards = [sign * (weight - baseline) * one for one in reward]
        x = np.append(sign * (w - baseline) * r, min(rewards))
        value = _least(np.append(w, weight), x, critical / (n + 1.0) + base)
        ends.append(math.inf if value is None else value)
    return min(ends)


def _least(w, x, budget):
    """The least divergence with a mean weight of 1, or the least mean of ``x`` within a budget of it."""
    size = len(w)

    def divergence(q):
        return size * float(np.sum((q - 1.0 / size) ** 2))

    constraints = [
        {"type": "eq", "fun": lambda q: q.sum() - 1.0},
        {"type": "eq", "fun": lambda q: q @ w - 1.0},
    ]
    start = np.full(size, 1.0 / size)
    options = {"maxiter": 500, "ftol": 1e-14}
    nearest = optimize.minimize(divergence, start, constraints=constraints, options=options)
    if x is None:
        return nearest.fun
    if nearest.fun > budget:
        return None
    within = {"type": "ineq", "fun": lambda q: budget - divergence(q)}
    return optimize.minimize(
        lambda q: q @ x, nearest.x, constraints=[*constraints, within], options=options
    ).fun


@pytest.mark.parametrize("baseline", [0, 1])
@pytest.mark.parametrize("seed", range(4))
def test_equal_to_a_general_optimiser(seed: int, baseline: int) -> None:
    rng = np.random.default_rng(seed)
    w, r, weights, reward = rng.uniform(0.2, 2.0, 12), rng.uniform(-0.3, 0.6, 12), (0.1, 5.0), (-1.0, 2.0)
    interval = found(w, r, baseline, weights, reward, 0.8)
    low, high = (naive(w, r, baseline, weights, reward, 0.8, sign) for sign in (1, -1))
    assert interval.low == pytest.approx(max(low, -3.0 if baseline else -1.0), abs=1e-5)
    assert interval.high == pytest.approx(min(-high, 3.0 if baseline else 2.0), abs=1e-5)


def test_an_infinite_weight_is_the_limit_of_large_ones() -> None:
    rng = np.random.default_rng(5)
    w, r = rng.uniform(0.5, 1.4, 400), (rng.random(400) < 0.1).astype(float)
    for baseline in (0, 1):
        large, infinite = (found(w, r, baseline, (0.0, high)) for high in (1e8, math.inf))
        assert (large.low, large.high) == pytest.approx((infinite.low, infinite.high), rel=1e-5)


def test_equal_weights_do_not_show_what_others_would_bring() -> None:
    """No reward at all, weights of 1, and no bound on weights: an interval of width 0 would be wrong."""
    interval = found(np.ones(50), np.zeros(50), 0, (0.0, math.inf))
    assert interval.low is None
    assert "state their range with --weight-range" in (interval.reason or "")
    assert found(np.ones(50), np.zeros(50), 0, (0.0, 3.0)).low is None


def test_no_reward_at_all_with_weights_that_vary() -> None:
    interval = found(np.tile([0.5, 1.5], 25), np.zeros(50), 0, (0.0, 3.0))
    assert (interval.low, interval.reason) == (0.0, None)
    assert (interval.high or 0.0) > 3.0 / 50.0
    gain = found(np.tile([0.5, 1.5], 25), np.zeros(50), 1, (0.0, 3.0))
    assert (gain.low or 0.0) < 0.0 < (gain.high or 0.0)


@needs_reference
@pytest.mark.parametrize("alpha", [0.05, 0.1])
@pytest.mark.parametrize("log", ["men_random_to_bts", "men_bts_to_random"])
def test_equal_to_vw_estimators(log: str, alpha: float) -> None:
    wanted = json.loads((REFERENCE / "expected_vw.json").read_text())[log]
    largest = {
        "inf": "0,inf",
        "100": f"0,{max(100.0, wanted['wmax'])!r}",
    }  # a weight above the bound is an error
    for name, weights in largest.items():
        methods = ["normal", "clopper_pearson", "likelihood"]
        result = ope(
            str(REFERENCE / f"{log}.parquet"), "ips", ci=methods, level=1 - alpha, reward_range="0,1",
            weight_range=weights,
        )  # fmt: skip
        normal, exact, likelihood = result.estimates[0].value.intervals
        assert [normal.low, normal.high] == pytest.approx(wanted[f"gaussian_ci_{alpha}"], abs=1e-9)
        reference = wanted[f"cressieread_ci_wmax{name}_{alpha}"]
        assert [likelihood.low, likelihood.high] == pytest.approx(reference, abs=1e-9)
        if name == "inf":
            reference = wanted[f"clopper_pearson_ci_{alpha}"]
            assert [exact.low, exact.high] == pytest.approx(reference, abs=1e-12)
            assert "largest_weight_observed" in {note.code for note in result.notes}


@pytest.mark.parametrize("name", ["snips", "sndr"])
def test_constant_reward_has_no_width(name: str) -> None:
    rng = np.random.default_rng(0)
    log = {"reward": np.full(2000, 0.3), "importance_weight": rng.lognormal(0, 1, 2000)}
    log |= {"q_logged": np.full(2000, 0.3), "q_target": np.full(2000, 0.3)}
    methods = ["normal", "student", "bootstrap", "bootstrap_t", "likelihood", "auto"]
    for interval in ope(log, name, ci=methods).estimates[0].value.intervals:
        assert interval.low == pytest.approx(0.3, abs=1e-9)
        assert (interval.high or 1.0) - (interval.low or 0.0) < 1e-9
