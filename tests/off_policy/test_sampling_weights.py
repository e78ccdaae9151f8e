"""Thinned logs: values as of the whole log, errors of the rows that are left."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from rankeval import DataError, ope
from tests import naive_off_policy as naive
from tests import naive_rankings

METHODS = ("normal", "bootstrap", "bootstrap_t")
# Weights 2, 0.5, 4 and sampling weights 1, 3, 2.
HAND: dict[str, Any] = {
    "reward": [1.0, 2.0, 0.5],
    "propensity": [0.25, 0.5, 0.2],
    "target_propensity": [0.5, 0.25, 0.8],
    "sampling_weight": [1.0, 3.0, 2.0],
}


def log_of(n: int, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return naive.random_log(n, seed=seed) | {"s": rng.integers(1, 20, n) / 2.0}


def linearised(x: NDArray[np.float64], s: NDArray[np.float64], clusters: Any = None) -> float:
    """The error of ``sum s x / sum s`` for residuals ``x``, in a loop over rows or clusters."""
    if clusters is None:
        g = len(x)
        return float((g / (g - 1) * sum((s * x) ** 2)) ** 0.5 / s.sum())
    totals: dict[Any, float] = {}
    shares: dict[Any, float] = {}
    for key, residual, weight in zip(clusters, x, s, strict=True):
        totals[key] = totals.get(key, 0.0) + weight * residual
        shares[key] = shares.get(key, 0.0) + weight / s.sum()
    return float(sum(total**2 / (1 - shares[key]) for key, total in totals.items()) ** 0.5 / s.sum())


def test_value_and_error_by_hand() -> None:
    (row,) = ope(HAND, "ips").estimates
    terms, s = [2 * 1.0, 0.5 * 2.0, 4 * 0.5], [1.0, 3.0, 2.0]
    mean = (1 * 2 + 3 * 1 + 2 * 2) / 6
    squares = sum((weight * (term - mean)) ** 2 for weight, term in zip(s, terms, strict=True))
    assert row.value.value == pytest.approx(mean, rel=1e-14)
    assert row.value.std_error == pytest.approx((3 / 2 * squares) ** 0.5 / 6, rel=1e-13)
    assert row.logged.value == pytest.approx((1 + 6 + 1) / 6, rel=1e-14)
    assert row.value.n == 3
    assert row.diagnostics["ess"] == pytest.approx((2 + 1.5 + 8) ** 2 / (4 + 2.25 + 64), rel=1e-13)
    assert row.diagnostics["mean_weight"] == pytest.approx((2 + 1.5 + 8) / 6, rel=1e-14)


def test_a_log_thinned_to_a_tenth_has_the_errors_of_its_rows() -> None:
    log = naive.random_log(400, seed=1)
    tenth, same = np.full(400, 10.0), ope(log, list(naive.NAMES[:12]), ci=METHODS).estimates
    found = ope(log | {"sampling_weight": tenth}, list(naive.NAMES[:12]), ci=METHODS)
    counted = ope(log | {"weight": tenth}, list(naive.NAMES[:12])).estimates
    for row, wanted, count in zip(found.estimates, same, counted, strict=True):
        assert row.value.value == pytest.approx(wanted.value.value, rel=1e-12)
        for a, b in ((row.value, wanted.value), (row.gain, wanted.gain), (row.relative, wanted.relative)):
            assert a.std_error == pytest.approx(b.std_error, rel=1e-9)
            assert [i.low for i in a.intervals] == pytest.approx([i.low for i in b.intervals], rel=1e-8)
        assert count.value.std_error == pytest.approx((row.value.std_error or 0.0) / 10**0.5, rel=2e-3)
        assert row.value.n == 400


@pytest.mark.parametrize("cluster", [None, "country"])
def test_errors_equal_the_naive_ones(cluster: str | None) -> None:
    log = log_of(300, seed=3)
    s, reward = log["s"], np.array(log["reward"])
    w = np.array(log["target_propensity"]) / np.array(log["propensity"])
    rows = {
        row.estimator.name: row
        for row in ope(log, "ips,snips", columns={"sampling_weight": "s"}, cluster=cluster).estimates
    }
    groups = None if cluster is None else log[cluster]
    logged, ips = np.average(reward, weights=s), np.average(w * reward, weights=s)
    snips = np.average(reward, weights=s * w)
    for name, value, x in (
        ("ips", ips, w * reward - ips),
        ("snips", snips, w * (reward - snips) / np.average(w, weights=s)),
    ):
        row = rows[name]
        assert row.value.value == pytest.approx(value, rel=1e-12)
        assert row.value.std_error == pytest.approx(linearised(x, s, groups), rel=1e-9)
        gain = x - (reward - logged)
        assert row.gain.std_error == pytest.approx(linearised(gain, s, groups), rel=1e-9)


def test_only_ratios_of_the_weights_matter() -> None:
    log = log_of(300, seed=4)
    scaled = log | {"s": log["s"] * 7.0}
    rows, others = (
        ope(each, "ips,sndr", columns={"sampling_weight": "s"}, ci=METHODS, by="country").estimates
        for each in (log, scaled)
    )
    for row, other in zip(rows, others, strict=True):
        assert row.value.value == pytest.approx(other.value.value, rel=1e-12)
        assert row.gain.std_error == pytest.approx(other.gain.std_error, rel=1e-9)


def test_counts_of_sampled_rows_are_copies_of_them() -> None:
    log = log_of(100, seed=5)
    counts = np.random.default_rng(0).integers(0, 4, 100)
    copies = {name: np.repeat(np.array(values), counts, axis=0) for name, values in log.items()}
    names = {"sampling_weight": "s"}
    (row,) = ope(log | {"weight": counts}, "snips", columns=names).estimates
    (other,) = ope(copies, "snips", columns=names).estimates
    assert row.value.value == pytest.approx(other.value.value, rel=1e-12)
    assert row.value.std_error == pytest.approx(other.value.std_error, rel=1e-10)
    assert row.value.n == other.value.n == counts.sum()


@pytest.mark.parametrize("name", ["sips", "iips", "snrips"])
def test_sessions_are_the_units(name: str) -> None:
    """In lists of several lengths, with sums by position."""
    log = naive_rankings.random_log(300, seed=6)
    (wanted,) = ope(log, name, by="country").estimates[:1]
    (row,) = ope(log | {"sampling_weight": np.full(len(log["reward"]), 4.0)}, name, by="country").estimates[
        :1
    ]
    assert row.value.value == pytest.approx(wanted.value.value, rel=1e-12)
    assert row.value.std_error == pytest.approx(wanted.value.std_error, rel=1e-9)
    assert row.value.n == 300


def test_intervals_of_thinned_logs_cover() -> None:
    """400 logs that keep every reward and a fifth of the rest: coverage within 3 of its standard errors."""
    rng, logs, covered = np.random.default_rng(11), 400, {"ips": 0, "snips": 0, "gain": 0}
    target, logging, mean = np.array([0.7, 0.3]), np.array([0.4, 0.6]), np.array([0.3, 0.1])
    truth, logged = float(target @ mean), float(logging @ mean)
    for _ in range(logs):
        action = (rng.random(3000) < logging[1]).astype(int)
        reward = (rng.random(3000) < mean[action]).astype(float)
        chance = np.where(reward > 0.0, 1.0, 0.2)
        kept = rng.random(3000) < chance
        log = {
            "reward": reward[kept],
            "propensity": logging[action[kept]],
            "target_propensity": target[action[kept]],
            "sampling_weight": 1.0 / chance[kept],
        }
        ips, snips = ope(log, "ips,snips", threads=1).estimates
        covered["ips"] += ips.value.intervals[0].holds(truth)
        covered["snips"] += snips.value.intervals[0].holds(truth)
        covered["gain"] += snips.gain.intervals[0].holds(truth - logged)
    allowed = 3.0 * (0.95 * 0.05 / logs) ** 0.5
    assert {name: count / logs for name, count in covered.items()} == pytest.approx(
        dict.fromkeys(covered, 0.95), abs=allowed
    )


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, 1e101])
def test_weights_that_are_none(value: float) -> None:
    with pytest.raises(DataError, match=r"row 2: column 'sampling_weight' is .*, wanted a"):
        ope(HAND | {"sampling_weight": [1.0, value, 2.0]}, "ips")


def codes(log: Any) -> set[str]:
    return {note.code for note in ope(log, "ips").notes}


def test_counts_that_look_like_sampling_weights_say_so() -> None:
    log = {name: values for name, values in HAND.items() if name != "sampling_weight"}
    assert "weight_constant" in codes(log | {"weight": [10, 10, 10]})
    assert "weight_not_whole" in codes(log | {"weight": [1.5, 2.0, 3.0]})
    for weight in ([1, 1, 1], [1, 2, 3]):
        assert codes(log | {"weight": weight}).isdisjoint({"weight_constant", "weight_not_whole"})
    assert "rows_sampled" in codes(HAND)
    assert "rows_counted" not in codes(HAND)


def test_shares_of_logging_policies_are_weighted() -> None:
    """Half the rows of the first policy were kept: its share of all rounds is 2/3, not 1/2."""
    log = {
        "reward": [1.0, 0.0],
        "logger": [0, 1],
        "logger_propensities": [[0.5, 0.25], [0.5, 0.8]],
        "target_propensity": [0.3, 0.6],
        "sampling_weight": [2.0, 1.0],
    }
    mixture = (2 * 0.5 + 1 * 0.25) / 3
    (row,) = ope(log, "ips:loggers=balanced").estimates
    # By policy: share 2/3 of the mean over the first policy's round, 1/3 of the other.
    assert row.value.value == pytest.approx(2 / 3 * 0.3 / mixture, rel=1e-12)
