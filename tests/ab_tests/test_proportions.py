"""Score intervals of two proportions, against a naive search and the literature."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import minimize_scalar

from rankeval.ab_tests.proportions import Proportions

Z = stats.norm.ppf(0.975)


def naive_z(counts: tuple[int, int, int, int], difference: float) -> float:
    """The score statistic, with the likelihood maximised numerically."""
    x, n, y, m = counts

    def minus_likelihood(rate: float) -> float:
        both = ((x, n, rate + difference), (y, m, rate))
        return -sum(
            stats.binom.logpmf(hits, trials, min(max(p, 1e-12), 1 - 1e-12)) for hits, trials, p in both
        )

    ends = max(0.0, -difference), min(1.0, 1.0 - difference)
    two = minimize_scalar(minus_likelihood, bounds=ends, method="bounded", options={"xatol": 1e-12}).x
    one = two + difference
    return (x / n - y / m - difference) / math.sqrt(one * (1 - one) / n + two * (1 - two) / m)


@pytest.mark.parametrize("counts", [(10, 100, 20, 90), (3, 40, 1, 50), (56, 70, 48, 80)])
@pytest.mark.parametrize("difference", [-0.2, -0.01, 0.05, 0.15])
def test_the_score_statistic_is_that_of_the_restricted_likelihood(
    counts: tuple[int, int, int, int], difference: float
) -> None:
    assert Proportions(*counts).z_of_difference(difference) == pytest.approx(
        naive_z(counts, difference), abs=2e-5
    )


def test_the_interval_is_mees() -> None:
    """Newcombe (1998), table II, Mee's method: 56/70 - 48/80 and 9/10 - 3/10."""
    for counts, published in (((56, 70, 48, 80), (0.0533, 0.3377)), ((9, 10, 3, 10), (0.1821, 0.8370))):
        low, high = Proportions(*counts).difference_interval(Z)
        assert (round(low, 4), round(high, 4)) == pytest.approx(published, abs=1.5e-4)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.floats(0, 1), st.floats(0, 1))
def test_intervals_agree_with_chi_square(n: int, m: int, share: float, other: float) -> None:
    """They hold no difference exactly where chi-square does not reject; their ends have the statistic Z."""
    x, y = round(share * n), round(other * m)
    found = Proportions(x, n, y, m)
    p = found.p_value()
    if p is None:
        assert x + y in (0, n + m)
        return
    table = np.array([[x, n - x], [y, m - y]])
    assert p == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue, rel=1e-9)
    low, high = found.difference_interval(Z)
    assert -1.0 <= low <= x / n - y / m <= high <= 1.0
    assert low < high
    if abs(p - 0.05) > 1e-6:
        assert (low <= 0.0 <= high) == (p > 0.05)
    for end, sign in ((low, 1.0), (high, -1.0)):
        if -1.0 < end < 1.0:
            assert found.z_of_difference(end) == pytest.approx(sign * Z, abs=1e-6)
    if x and y:
        relative = found.relative_interval(Z)
        assert relative[0] < x / n / (y / m) - 1.0 < relative[1]
        if abs(p - 0.05) > 1e-6:
            assert (relative[0] <= 0.0 <= relative[1]) == (p > 0.05)
        for end, sign in zip(relative, (1.0, -1.0), strict=True):
            assert found.z_of_ratio(1.0 + end) == pytest.approx(sign * Z, abs=1e-5)


def test_koopmans_interval_of_a_ratio() -> None:
    """Koopman (1984): 36/40 against 16/80 has a ratio of 4.5 in 2.94 to 7.15."""
    low, high = Proportions(36, 40, 16, 80).relative_interval(Z)
    assert (low + 1.0, high + 1.0) == pytest.approx((2.94, 7.15), abs=0.01)


def test_a_control_without_success_has_no_upper_end() -> None:
    assert Proportions(5, 50, 0, 50).relative_interval(Z)[1] == math.inf
    low, high = Proportions(5, 50, 0, 50).difference_interval(Z)
    assert 0.0 < low < 0.1 < high < 0.25


def test_intervals_of_rare_successes_cover() -> None:
    """1,000 units an arm with 0.5 % successes: exact coverage by summing over outcomes."""
    n, rate = 1000, 0.005
    probability = stats.binom.pmf(np.arange(25), n, rate)
    covered = 0.0
    for x in range(25):
        for y in range(25):
            p = Proportions(x, n, y, n).p_value()
            covered += probability[x] * probability[y] * (p is None or p > 0.05)
    assert 0.94 < covered < 0.97
