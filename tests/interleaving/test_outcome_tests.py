"""Tests of preference, and sessions that they need."""

from __future__ import annotations

from math import ceil, sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from scipy import stats

from rankeval.errors import UsageError
from rankeval.inference.inference import Inference
from rankeval.inference.moments import Moments
from rankeval.interleaving.accumulate import PAIRS
from rankeval.interleaving.outcome_tests import Levels, OutcomeTests, parse_effect


def outcome_of(
    credits: list[float], counts: list[float] | None = None, effect: float | None = None
) -> OutcomeTests:
    values = np.array(credits)
    terms = np.stack([values, values > 0.0, values < 0.0]).astype(np.float64)
    moments = Moments.of(terms, PAIRS, None, None if counts is None else np.array(counts))
    return OutcomeTests.of(Inference(moments), Levels(), effect)


def test_sign_test_and_t_test_are_scipys() -> None:
    credits = [1.0, 2.0, 1.0, -1.0, 0.0, 0.0, 3.0, 1.0, -2.0, 1.0, 1.0, 1.0]
    found = outcome_of(credits)
    assert found.sign_p == pytest.approx(stats.binomtest(8, 10).pvalue, rel=1e-12)
    t = stats.ttest_1samp(credits, 0.0)
    assert (found.credit_t, found.credit_p) == pytest.approx((t.statistic, t.pvalue), rel=1e-12)


def test_sign_test_by_hand() -> None:
    """Two wins of two: ``2 / 2^2``; nobody wins: 1."""
    assert outcome_of([1.0, 2.0, 0.0]).sign_p == pytest.approx(2 / 4)
    assert outcome_of([0.0, 0.0]).sign_p == 1.0


def test_sessions_that_count_by_fractions_have_no_sign_test() -> None:
    assert outcome_of([1.0, -1.0, 1.0], [0.5, 1.0, 2.0]).sign_p is None
    assert outcome_of([1.0, -1.0, 1.0], [2.0, 1.0, 2.0]).sign_p == pytest.approx(stats.binomtest(4, 5).pvalue)


def test_one_session_has_no_test_of_its_mean() -> None:
    found = outcome_of([1.0])
    assert (found.credit_p, found.credit_t, found.needed.sessions) == (None, None, None)


def test_credit_that_is_the_same_everywhere() -> None:
    """It is the p-value of the sign test."""
    assert outcome_of([1.0, 1.0]).credit_p == outcome_of([1.0, 1.0]).sign_p == 0.5
    assert outcome_of([-2.0] * 8).credit_p == outcome_of([-2.0] * 8).sign_p == 2**-7
    assert outcome_of([0.0, 0.0]).credit_p == 1.0
    assert outcome_of([1.0, 1.0]).needed.sessions is None


def test_sessions_needed_by_hand() -> None:
    """``((1.959964 + 0.841621) / z)^2``, the quantiles of 97.5 % and 80 %."""
    assert Levels().sessions(0.1) == ceil(((1.959963984540054 + 0.8416212335729143) / 0.1) ** 2)
    assert Levels(0.1, 0.5).sessions(-0.2) == ceil((1.6448536269514722 / 0.2) ** 2)
    assert [Levels().sessions(z) for z in (None, 0.0, 1e-12)] == [None, None, None]
    assert Levels().sessions(50.0) == 1
    assert Levels(alpha=1e-300).sessions(1.0) == Levels(1e-300).sessions(-1.0) == 1437


def test_sessions_needed_follow_from_what_was_seen() -> None:
    credits = [1.0, 2.0, 1.0, -1.0, 0.0, 0.0, 3.0, 1.0]
    z = np.mean(credits) / np.std(credits, ddof=1)
    assert outcome_of(credits).needed.sessions == Levels().sessions(float(z))


def test_the_interval_of_the_sessions_needed_follows_from_that_of_the_effect() -> None:
    """100 sessions, mean .3, variance 100 / 99 * .91: the interval of the mean does not hold 0."""
    credits = [1.0] * 65 + [-1.0] * 35
    needed = outcome_of(credits).needed
    deviation = np.std(credits, ddof=1)
    margin = NormalDist().inv_cdf(0.975) * deviation / 10.0
    assert needed.effect == pytest.approx(0.3)
    assert needed.fewest == Levels().sessions((0.3 + margin) / deviation)
    assert needed.most == Levels().sessions((0.3 - margin) / deviation)
    assert needed.fewest < needed.sessions < needed.most
    other = outcome_of([-credit for credit in credits]).needed
    assert (other.fewest, other.sessions, other.most) == (needed.fewest, needed.sessions, needed.most)


def test_an_effect_that_may_be_0_has_no_largest_number_of_sessions() -> None:
    needed = outcome_of([1.0] * 52 + [-1.0] * 48).needed
    assert needed.most is None
    assert needed.range_text == f"{needed.fewest:,} .. no bound"


def test_a_stated_effect_takes_only_the_spread_of_the_log() -> None:
    credits = [1.0] * 52 + [-1.0] * 48
    needed = outcome_of(credits, effect=-0.2).needed
    assert needed.sessions == Levels().sessions(0.2 / float(np.std(credits, ddof=1)))
    assert (needed.fewest, needed.most, needed.effect) == (None, None, -0.2)


@pytest.mark.parametrize("effect", [0.0, float("nan"), float("inf"), True, "big"])
def test_an_effect_that_is_none(effect: Any) -> None:
    with pytest.raises(UsageError, match=r"effect: found .*, wanted a mean credit a session other than 0"):
        parse_effect(effect)


def test_power_of_so_many_sessions_is_that_wanted() -> None:
    levels, z = Levels(0.05, 0.9), 0.03
    n = levels.sessions(z)
    assert n is not None
    assert levels.power_of(z * sqrt(n)) == pytest.approx(0.9, abs=1e-3)
    assert levels.power_of(0.0) == pytest.approx(0.05, abs=1e-12)
    assert levels.power_of(2.0) == pytest.approx(levels.power_of(-2.0), abs=1e-15)


@pytest.mark.parametrize("value", [0.0, 1.0, -1.0, float("nan"), "0.05", True])
def test_levels_are_checked(value: Any) -> None:
    for name in ("alpha", "power"):
        with pytest.raises(UsageError) as caught:
            Levels(**{name: value})
        assert str(caught.value) == f"{name}: found {value!r}, wanted a number between 0 and 1"
