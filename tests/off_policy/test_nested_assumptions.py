"""Tests of what estimators of rankings assume, by estimators that assume less."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from rankeval import ope

ORDERS = np.array(list(permutations(range(3))))


def log(seed, n, stops):
    """Uniformly random orders of three items; the target prefers some. Users who stop leave at a click."""
    rng = np.random.default_rng(seed)
    order = rng.integers(0, 6, n)
    items, relevance, theta = ORDERS[order], np.array([0.8, 0.5, 0.2]), np.array([1.0, 0.6, 0.3])
    liked = rng.random((n, 3)) < relevance[items]
    clicks = liked & (np.cumsum(liked, 1) == 1) if stops else liked & (rng.random((n, 3)) < theta)
    target = np.array([0.4, 0.2, 0.2, 0.1, 0.05, 0.05])
    of_item = np.array([[target[ORDERS[:, k] == d].sum() for d in range(3)] for k in range(3)])
    return {
        "session_id": np.repeat(np.arange(n), 3),
        "position": np.tile([1, 2, 3], n),
        "click": clicks.ravel() * 1,
        "propensity_list": np.full(3 * n, 1 / 6),
        "target_propensity_list": np.repeat(target[order], 3),
        "propensity": np.full(3 * n, 1 / 3),
        "target_propensity": of_item[np.arange(3), items].ravel(),
    }


def disagree(result):
    return [r for r in result.to_dict()["verdict"]["reasons"] if r["code"] == "assumptions_disagree"]


def test_iips_is_refuted_where_users_leave_after_a_click_and_not_where_clicks_are_position_based():
    names = ["sips", "iips"]
    for seed in range(3):
        assert not disagree(ope(log(seed, 5000, stops=False), names, threads=1))
    result = ope(log(0, 20000, stops=True), names, threads=1)
    (reason,) = disagree(result)
    assert reason["level"] == "do not trust"
    by_name = {row["name"]: row["verdict"]["reasons"] for row in result.to_dict()["results"]}
    assert [r["code"] for r in by_name["iips"]].count("assumptions_disagree") == 1
    assert "assumptions_disagree" not in [r["code"] for r in by_name["sips"]]


def test_the_difference_has_the_error_of_paired_terms():
    data = log(1, 20000, stops=True)
    clicks = data["click"].reshape(-1, 3)
    by_list = (data["target_propensity_list"] * 6.0).reshape(-1, 3)[:, 0] * clicks.sum(1)
    by_item = ((data["target_propensity"] * 3.0).reshape(-1, 3) * clicks).sum(1)
    difference = by_item - by_list
    z = difference.mean() / (difference.std(ddof=1) / np.sqrt(len(difference)))
    (reason,) = disagree(ope(data, ["sips", "iips"], threads=1))
    assert float(reason["text"].split("(z ")[1].split(",")[0]) == pytest.approx(z, abs=0.06)


def test_one_estimator_alone_is_not_tested():
    assert not disagree(ope(log(0, 20000, stops=True), ["iips"], threads=1))


def test_an_assumption_that_the_log_cannot_test_is_a_reason():
    def of(result, name):
        (row,) = [row for row in result.estimates if row.estimator.name == name]
        return row, {note.code: note for note in row.reasons}.get("assumption_not_tested")

    data = log(1, 2000, stops=False)
    row, reason = of(ope(data, ["iips"], threads=1), "iips")
    assert (reason.level, reason.value) == ("caution", None)
    result = ope(data, ["sips", "iips"], threads=1)
    row, reason = of(result, "iips")
    clicks = data["click"].reshape(-1, 3)
    by_list = (data["target_propensity_list"] * 6.0).reshape(-1, 3)[:, 0] * clicks.sum(1)
    by_item = ((data["target_propensity"] * 3.0).reshape(-1, 3) * clicks).sum(1)
    unseen = 2.58 * (by_item - by_list).std(ddof=1) / by_item.std(ddof=1)
    assert row.diagnostics["unseen_error"] == pytest.approx(unseen)
    assert reason.value == pytest.approx(unseen)
    assert of(result, "sips")[1] is None
    same = data | {"target_propensity_list": data["propensity_list"], "target_propensity": data["propensity"]}
    row, reason = of(ope(same, ["sips", "iips"], threads=1), "iips")
    assert row.value.value == pytest.approx(of(ope(same, ["sips", "iips"], threads=1), "sips")[0].value.value)
