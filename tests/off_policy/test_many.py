"""Many comparisons of ``ope``: families, simultaneous intervals and the best target."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from rankeval import ope
from rankeval.inference.comparisons import holm

ACTIONS, TARGETS = 6, ("a", "b", "c", "d")
COLUMNS = {name: f"p_{name}" for name in TARGETS}


def log(seed: int = 0, n: int = 1500) -> dict[str, np.ndarray]:
    """A uniform logger; every target has the same value, 0.3."""
    rng = np.random.default_rng(seed)
    action = rng.integers(0, ACTIONS, n)
    found = {
        "reward": (rng.random(n) < 0.3).astype(float),
        "propensity": np.full(n, 1 / ACTIONS),
        "user": rng.integers(0, n // 3, n),
        "country": np.array(["de", "fr"])[rng.integers(0, 2, n)],
    }
    for column in COLUMNS.values():
        policy = rng.dirichlet(np.full(ACTIONS, 3.0))
        found[column] = policy[action]
    return found


def terms(data: dict[str, np.ndarray]) -> np.ndarray:
    """``w r`` of each target, and the reward, which is the term of the logging policy."""
    rewards = [data[column] * ACTIONS * data["reward"] for column in COLUMNS.values()]
    return np.array([*rewards, data["reward"]])


@pytest.mark.parametrize(("family", "size"), [("all", 10 * 2 * 3), ("metric", 10 * 3), ("segment", 10 * 2)])
def test_p_values_are_adjusted_over_the_family(family, size):
    result = ope(log(), "ips,snips", target=COLUMNS, by="country", family=family)
    assert {c.adjusted.tests for c in result.comparisons} == {size}
    keys = {"all": lambda c: None, "metric": lambda c: c.estimator, "segment": lambda c: c.segment}
    for wanted in {keys[family](c) for c in result.comparisons}:
        members = [c for c in result.comparisons if keys[family](c) == wanted]
        assert [c.adjusted.holm for c in members] == holm([c.p_value for c in members])
    assert f"Holm and BH over {size} tests" in result.render("table", 120)


def test_estimators_whose_parameter_the_data_choose_are_one_family():
    result = ope(log(), "cips:max_weight=auto", target=COLUMNS, by="country", family="metric")
    assert {c.adjusted.tests for c in result.comparisons} == {30}


@pytest.mark.parametrize("cluster", [None, "user"])
def test_simultaneous_intervals_are_those_of_the_joint_distribution(cluster):
    """The quantile from 200,000 draws of the normal distribution with the covariance of the terms."""
    data = log(2)
    result = ope(data, "ips", target=COLUMNS, cluster=cluster, simultaneous=True)
    values = terms(data)
    if cluster is not None:
        centred = values - values.mean(axis=1, keepdims=True)
        values = np.array([np.bincount(data["user"], weights=row) for row in centred])
    pairs = [*((i, 4) for i in range(4)), *combinations(range(4), 2)]
    differences = np.array([values[i] - values[j] for i, j in pairs])
    correlation = np.corrcoef(differences)
    rng = np.random.default_rng(0)
    draws = rng.multivariate_normal(np.zeros(10), correlation, 200_000, method="svd")
    wanted = np.quantile(np.abs(draws).max(axis=1), 0.95)
    for c in result.comparisons:
        first, second = c.difference.intervals
        assert (first.method, second.method) == ("max_t", "normal")
        found = (first.high - first.low) / 2 / c.difference.std_error
        assert found == pytest.approx(wanted, rel=0.01)
        assert found > stats.norm.ppf(0.975)


def test_the_best_target():
    result = ope(log(), "ips,snips", target=COLUMNS)
    found = result.to_dict()["best"]
    assert [best["name"] for best in found] == ["ips", "snips"]
    for best in found:
        rows = {row.target: row for row in result.estimates if row.estimator.name == best["name"]}
        row = max(rows.values(), key=lambda row: row.value.value)
        assert (best["target"], best["candidates"]) == (row.target, 4)
        assert (best["value"]["naive"], best["gain"]["naive"]) == (row.value.value, row.gain.value)
        assert best["gain"]["over"] == "logged"
        for part in (best["value"], best["gain"]):
            assert part["ci"]["low"] < part["corrected"] < part["ci"]["high"]
            assert part["corrected"] < part["naive"]
            assert part["ci"]["method"] in ("hybrid", "projection")
    assert any(w.startswith("the best of 4 targets by ips, snips was chosen") for w in result.warnings)
    assert "Best of 4 targets, corrected for the choice" in result.render("table", 100)


def test_without_named_targets_there_is_no_best():
    data = log()
    data["target_propensity"] = data["p_a"]
    assert ope(data, "ips").to_dict()["best"] == []
    assert ope(data, "ips", target={"a": "p_a"}).to_dict()["best"] == []


def test_without_rewards_the_best_has_reasons_and_no_numbers():
    data = log()
    data["reward"] = np.zeros_like(data["reward"])
    (best,) = ope(data, "ips", target=COLUMNS).to_dict()["best"]
    assert (best["value"]["naive"], best["value"]["corrected"], best["value"]["ci"]["low"]) == (
        0.0,
        None,
        None,
    )
    assert best["value"]["ci"]["reason"]


def test_corrected_gains_of_the_best_hold():
    """100 logs of 4 targets with equal values: the truth is a gain of 0, and the gain is not too high."""
    held, errors = 0, []
    for seed in range(100):
        (best,) = ope(log(seed, 400), "ips", target=COLUMNS, threads=1).to_dict()["best"]
        gain = best["gain"]
        held += gain["ci"]["low"] <= 0.0 <= gain["ci"]["high"]
        errors.append((gain["naive"], gain["corrected"]))
    naive, corrected = np.mean(errors, axis=0)
    assert held >= 95 - 3 * np.sqrt(95 * 0.05)
    assert naive > 2 * np.std([one for one, _ in errors]) / 10
    assert abs(np.mean([one > 0 for _, one in errors]) - 0.5) <= 3 * 0.05
    assert corrected < 0.5 * naive
