from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankeval.inference.estimate import Estimate, Interval
from rankeval.inference.functionals import (
    Difference,
    Functional,
    Mean,
    Ratio,
    Relative,
    Sum,
    SumOfRatios,
    pairs_needed,
)

MEAN = Mean(0)
SNIPS = Mean(0) / Mean(1)
SNDR = Mean(2) + Mean(0) / Mean(1)
GAIN = SNIPS - Mean(3)
RELATIVE = Relative(SNDR, Mean(3))
CANDIDATES = SNDR - Mean(3) / Mean(1)
BY_POSITION = SumOfRatios((0,), (1,), (2,))
ALL = [MEAN, SNIPS, SNDR, GAIN, RELATIVE, CANDIDATES, BY_POSITION]


def test_hand_worked_values() -> None:
    means = np.array([6.0, 2.0, 10.0, 4.0])
    values = [float(functional.value(means)) for functional in ALL]
    assert values == [
        6.0,
        6 / 2,
        10 + 6 / 2,
        6 / 2 - 4,
        (10 + 6 / 2) / 4 - 1,
        10 + 6 / 2 - 4 / 2,
        6 / (2 / 10),
    ]


def test_hand_worked_gradients() -> None:
    means = np.array([6.0, 2.0, 10.0, 4.0])
    assert MEAN.gradient(means) == {0: 1.0}
    assert SNIPS.gradient(means) == {0: 1 / 2, 1: -6 / 4}
    assert SNDR.gradient(means) == {0: 1 / 2, 1: -6 / 4, 2: 1.0}
    assert GAIN.gradient(means) == {0: 1 / 2, 1: -6 / 4, 3: -1.0}
    assert RELATIVE.gradient(means) == {0: 1 / 2 / 4, 1: -6 / 4 / 4, 2: 1 / 4, 3: -13 / 16}
    assert CANDIDATES.gradient(means) == {0: 1 / 2, 1: -6 / 4 + 4 / 4, 2: 1.0, 3: -1 / 2}
    assert BY_POSITION.gradient(means) == {0: 10 / 2, 1: -6 * 10 / 4, 2: 6 / 2}


def test_positions_are_summed_and_one_that_none_reaches_adds_nothing() -> None:
    both = SumOfRatios((0, 1), (2, 3), (4, 5))
    means = np.array([[6.0, 1.0, 2.0, 4.0, 1.0, 0.5], [6.0, 0.0, 2.0, 0.0, 1.0, 0.0]])
    assert both.value(means).tolist() == [6 / 2 + 1 / (4 / 0.5), 6 / 2]
    gradient = both.gradient(means[1])
    assert [float(gradient[term]) for term in (1, 3, 5)] == [0.0, 0.0, 0.0]
    assert not np.isfinite(both.value(np.array([6.0, 0.0, 2.0, 0.0, 1.0, 0.5])))


def test_operators_name_the_functional() -> None:
    assert Mean(0) + Mean(1) == Sum(Mean(0), Mean(1))
    assert Mean(0) - Mean(1) == Difference(Mean(0), Mean(1))
    assert Mean(0) / Mean(1) == Ratio(Mean(0), Mean(1)) != Relative(Mean(0), Mean(1))


@given(st.lists(st.floats(0.5, 5.0), min_size=4, max_size=4), st.sampled_from(ALL))
def test_gradients_are_the_slopes(means: list[float], functional: Functional) -> None:
    at = np.array(means)
    gradient = functional.gradient(at)
    assert set(gradient) == functional.terms
    for term in range(4):
        step = np.zeros(4)
        step[term] = 1e-5
        slope = (functional.value(at + step) - functional.value(at - step)) / 2e-5
        assert slope == pytest.approx(gradient.get(term, 0.0), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("functional", ALL)
def test_replicates_are_evaluated_one_by_one(functional: Functional) -> None:
    means = np.random.default_rng(0).random((5, 4)) + 0.5
    values, gradient = functional.value(means), functional.gradient(means)
    assert values.shape == (5,)
    for r in range(5):
        assert values[r] == functional.value(means[r])
        for term, slope in functional.gradient(means[r]).items():
            assert np.broadcast_to(gradient[term], 5)[r] == slope


def test_a_denominator_of_zero_is_not_finite_and_does_not_warn() -> None:
    means = np.array([[1.0, 0.0, 1.0, 0.0], [0.0, 0.0, 1.0, 1.0]])
    for functional in (SNIPS, SNDR, GAIN, RELATIVE):
        assert not np.isfinite(functional.value(means)[0])
    assert not np.isfinite(SNIPS.gradient(means)[1]).any()


def test_equal_terms_have_no_gain() -> None:
    means = np.array([0.3, 1.0, 0.0, 0.3])
    assert float(GAIN.value(means)) == 0.0
    assert float(Relative(SNIPS, Mean(3)).value(means)) == 0.0


def test_pairs_stay_within_a_functional() -> None:
    assert pairs_needed([SNIPS, Mean(3)]).tolist() == [[0, 0], [0, 1], [1, 1], [3, 3]]
    assert pairs_needed([Mean(2) - Mean(0)]).tolist() == [[0, 0], [0, 2], [2, 2]]
    assert pairs_needed([]).shape == (0, 2)


def test_to_dict_is_json_with_the_first_interval_as_ci() -> None:
    normal, missing = Interval("normal", 0.95, 0.1, 0.3), Interval("bootstrap", 0.95, None, None, "no units")
    ci = {
        "method": "normal",
        "level": 0.95,
        "low": 0.1,
        "high": 0.3,
        "reason": None,
        "side": "two",
        "why": None,
    }
    assert json.loads(json.dumps(Estimate(0.2, 0.05, (normal, missing), 7).to_dict())) == {
        "value": 0.2,
        "std_error": 0.05,
        "ci": ci,
        "intervals": [
            ci,
            {
                "method": "bootstrap",
                "level": 0.95,
                "low": None,
                "high": None,
                "reason": "no units",
                "side": "two",
                "why": None,
            },
        ],
        "n": 7,
    }
    assert Estimate(None, None, (), 0).to_dict()["ci"] is None


def test_an_interval_holds_its_bounds_and_what_is_between_them() -> None:
    interval = Interval("normal", 0.95, 1.0, 2.0)
    assert [value for value in (0.99, 1.0, 1.5, 2.0, 2.01) if interval.holds(value)] == [1.0, 1.5, 2.0]
    assert not Interval("normal", 0.95, None, 2.0).holds(1.0)
    assert not Interval("normal", 0.95, 1.0, None).holds(1.0)
