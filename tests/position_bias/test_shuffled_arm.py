"""The refutation of the position-based model by the clicks of shuffled sessions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankeval import propensity
from rankeval.arrays import read_only
from rankeval.position_bias import PositionBias, Refutation, refutation_notes, write_prediction
from tests.shuffled_logs import shuffled_log

NOTHING = read_only(np.zeros(0))


@given(st.lists(st.integers(0, 6), min_size=1, max_size=6), st.integers(0, 10**6), st.booleans())
@settings(deadline=None, max_examples=40)
def test_the_prediction_is_that_of_a_slow_loop(lengths, seed, trust):
    rng = np.random.default_rng(seed)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    clicks, a = rng.integers(0, 2, offsets[-1]) * 1.0, rng.uniform(0.1, 1.0, offsets[-1])
    b, chosen = rng.uniform(0.0, 0.2, offsets[-1]), rng.integers(0, 2, len(lengths)) * 1.0
    row = np.full(len(lengths), np.nan)
    added = b if trust else np.zeros(0)
    write_prediction(*map(read_only, (offsets, clicks, a, added, chosen)), row)
    for s, length in enumerate(lengths):
        items = range(offsets[s], offsets[s + 1])
        mean = sum(a[i] for i in items) / length if length else 0.0
        beta = b if trust else np.zeros(len(b))
        wanted = sum(mean * (clicks[i] - beta[i]) / a[i] + beta[i] for i in items) if chosen[s] else 0.0
        assert row[s] == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize(
    ("z", "std_error", "found"),
    [
        (1.0, 0.01, []),
        (2.7, 0.01, [("user_model_refuted", "caution")]),
        (-3.2, 0.01, [("user_model_refuted", "do not trust")]),
        (1.0, 0.06, [("user_model_weakly_tested", "caution")]),
    ],
)
def test_reasons(z, std_error, found):
    test = Refutation(1000.0, 100.0, 1.0 + z * std_error, 1.0, std_error)
    assert test.z == pytest.approx(z)
    assert test.relative == pytest.approx(z * std_error)
    assert [(note.code, note.level) for note in refutation_notes("examination", test)] == found


def test_right_users_pass_and_a_cascade_is_refuted():
    z = []
    for seed in range(4):
        right = propensity(shuffled_log(seed, 6000), "shuffle", threads=1).to_dict()["refutation"]
        wrong = propensity(shuffled_log(seed, 6000, "cascade"), "shuffle", threads=1)
        z.append(right["z"])
        assert wrong.to_dict()["refutation"]["z"] < -5.0
        assert wrong.verdict.level == "do not trust"
    assert max(map(abs, z)) < 2.58
    assert abs(np.mean(z)) < 3.0 / math.sqrt(len(z))


def test_the_error_is_that_of_many_logs():
    found = [
        propensity(shuffled_log(seed, 3000), "shuffle", threads=1).to_dict()["refutation"]["z"]
        for seed in range(40)
    ]
    # The standard deviation of z over 40 logs has a standard error of 0.11.
    assert np.std(found) == pytest.approx(1.0, abs=0.35)


def test_numbers_of_both_arms_are_counts_and_means():
    log = shuffled_log(3, 2000)
    found = propensity(log, "shuffle", threads=1).to_dict()
    clicks = np.add.reduceat(log["click"], np.arange(0, len(log["click"]), 4))
    shuffled = log["shuffled"][::4]
    arm = found["shuffled_sessions"]
    assert arm["sessions"] == shuffled.sum() == found["refutation"]["shuffled_sessions"]
    assert arm["clicks"] == pytest.approx(clicks[shuffled].mean())
    assert arm["std_error"] == pytest.approx(
        clicks[shuffled].std(ddof=1) / math.sqrt(shuffled.sum()), rel=0.01
    )
    theta = np.array(found["examination"])
    at = log["click"].reshape(-1, 4)[~shuffled]
    assert found["refutation"]["predicted_clicks"] == pytest.approx((at * theta.mean() / theta).sum(1).mean())


def test_a_log_without_marks_has_no_test():
    log = {name: values for name, values in shuffled_log(0, 500).items() if name != "shuffled"}
    found = propensity(log, "shuffle", threads=1).to_dict()
    assert found["refutation"] is found["shuffled_sessions"] is None


@pytest.mark.parametrize("stated", [None, 3, {}, {"sessions": 0, "clicks": 1, "std_error": 1}])
def test_a_curve_without_a_valid_arm_has_none(stated):
    assert PositionBias.of({"examination": [1.0, 0.5], "shuffled_sessions": stated}).arm is None
