"""What stated ranges say of the terms of each estimator, and the range of weights checked against the log."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankeval import ope
from rankeval.errors import DataError, UsageError
from rankeval.estimators import TRANSFORMS, parse
from rankeval.off_policy.known_ranges import KnownRanges
from rankeval.off_policy.plan import Plan
from rankeval.off_policy.samples import LOGGED, Setting, WeightRange

NAMES = (
    "ips", "cips:max_weight=2", "dm", "dr", "cdr:max_weight=2", "switch_dr:tau=2", "dros:lambda=3",
    "sg_ips:lambda=0.3", "sg_dr:lambda=1",
)  # fmt: skip
REWARD = (-0.5, 2.0)
share = st.floats(0.0, 1.0)


def known(name: str, weights: WeightRange | None) -> KnownRanges:
    setting = Setting(targets=("a", "b"))
    return KnownRanges(Plan.of([parse(name)], setting), REWARD, weights, trusted=True)


def term(name: str, w: float, r: float, q: float, q_pi: float) -> float:
    """The term of a round, as the formulas of the catalogue write it."""
    estimator = parse(name)
    of = estimator.weighting
    u = float(TRANSFORMS[of.transform](np.array([w]), of.parameter)[0])
    return {"weighted_reward": u * r, "model": q_pi, "doubly_robust": q_pi + u * (r - q)}[
        estimator.definition.mean or ""
    ]


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(NAMES), share, st.floats(1.001, 8.0), *[share] * 7)
def test_every_possible_term_lies_within(name, low, high, w, w_b, r, q, q_pi, q_b, q_pi_b) -> None:
    low *= 0.999
    ranges, estimator = known(name, WeightRange(low, high)), parse(name)
    w, w_b = (low + x * (high - low) for x in (w, w_b))
    r, q, q_pi, q_b, q_pi_b = (REWARD[0] + x * (REWARD[1] - REWARD[0]) for x in (r, q, q_pi, q_b, q_pi_b))
    value, other = term(name, w, r, q, q_pi), term(name, w_b, r, q_b, q_pi_b)
    for facts, of in (
        (ranges.value(estimator, "a"), value),
        (ranges.gain(estimator, "a"), value - r),
        (ranges.difference(estimator, "a", "b"), value - other),
        (ranges.difference(estimator, "a", LOGGED), value - r),
    ):
        assert facts.bounds is not None
        assert facts.bounds[0] - 1e-9 <= of <= facts.bounds[1] + 1e-9


def test_ranges_by_hand() -> None:
    weights = WeightRange(0.5, 4.0)
    of = {name: known(name, weights).value(parse(name), "a").bounds for name in NAMES}
    assert of["ips"] == (-2.0, 8.0)
    assert of["cips:max_weight=2"] == (-1.0, 4.0)
    assert of["dm"] == REWARD
    assert of["dr"] == (-10.5, 12.0)
    assert of["switch_dr:tau=2"] == (-5.5, 7.0)
    assert known("ips", weights).gain(parse("ips"), "a").bounds == (-1.5, 6.0)
    assert known("ips", weights).difference(parse("ips"), "a", "b").bounds == (-7.0, 7.0)


@pytest.mark.parametrize("name", NAMES)
def test_without_a_largest_weight_only_reduced_weights_have_bounds(name: str) -> None:
    for weights in (None, WeightRange(0.0, math.inf)):
        facts = known(name, weights).value(parse(name), "a")
        assert (facts.bounds is None) == (name in ("ips", "dr"))
        assert facts.bounds is not None or "--weight-range" in facts.unbounded


def log(n: int = 400, rate: float = 0.1) -> dict:
    rng = np.random.default_rng(0)
    p = rng.choice([0.25, 0.5], n)
    return {
        "reward": (rng.random(n) < rate).astype(float),
        "propensity": p,
        "target_propensity": p * rng.choice([0.2, 1.8], n),
        "q_logged": np.full(n, 0.1),
        "q_target": np.full(n, 0.1),
    }


def test_intervals_of_a_log_and_what_they_assume() -> None:
    methods = ["hoeffding", "bernstein", "clopper_pearson", "likelihood"]
    result = ope(log(), ["ips", "snips", "dr"], ci=methods, reward_range=(0, 1), weight_range="0.2,1.8")
    ips, snips, dr = result.estimates
    assert all(interval.reason is None for interval in ips.value.intervals)
    assert {i.method: i.reason is None for i in dr.value.intervals} == {
        "hoeffding": True, "bernstein": True, "clopper_pearson": False, "likelihood": False,
    }  # fmt: skip
    ratio = "it is a ratio of means, and no mean of bounded terms"
    assert [i.reason for i in snips.value.intervals] == [ratio, ratio, ratio, None]
    assert [i.reason for i in ips.relative.intervals] == [ratio] * 4
    assert result.inputs["weight_range"] == [0.2, 1.8]
    assert "ranges_assumed" in {note.code for note in result.notes}


def test_what_is_missing_is_named() -> None:
    without = ope(log(), "ips", ci=["hoeffding", "likelihood"]).estimates[0].value.intervals
    assert all("--reward-range" in (interval.reason or "") for interval in without)
    (hoeffding,) = ope(log(), "ips", ci="hoeffding", reward_range="0,1").estimates[0].value.intervals
    assert "--weight-range" in (hoeffding.reason or "")


def test_predictions_outside_the_range_of_rewards_bound_nothing() -> None:
    data = log() | {"q_target": np.full(400, 1.5)}
    result = ope(data, "dr", ci="hoeffding", reward_range="0,1", weight_range="0,2")
    assert "predictions" in (result.estimates[0].value.intervals[0].reason or "")


def test_a_weight_outside_is_an_error_that_names_the_row() -> None:
    data = log()
    data["target_propensity"][7] = data["propensity"][7] * 1.9
    with pytest.raises(
        DataError, match=r"row 8: .*importance weight of 1.9, wanted a weight in the range \[0, 1.8\]"
    ):
        ope(data, "ips", weight_range="0,1.8")
    ready = {"reward": [0.0, 1.0], "importance_weight": [1.0, 3.0]}
    with pytest.raises(DataError, match=r"row 2: .*importance weight of 3"):
        ope(ready, "ips", weight_range="0,2.5")


@pytest.mark.parametrize("text", ["1", "2,3", "0,1", "-1,2", "a,b", "nan,2"])
def test_a_wrong_range(text: str) -> None:
    with pytest.raises(UsageError, match=r"weight_range: found .* wanted LOW,HIGH with 0 <= LOW < 1 < HIGH"):
        ope(log(), "ips", weight_range=text)


def test_a_range_that_nothing_uses_is_said() -> None:
    codes = [note.code for note in ope(log(), "dm", weight_range="0,2").notes]
    assert "option_unused" in codes
