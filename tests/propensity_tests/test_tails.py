from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rankeval.propensity_tests.tails import bounded_sum_p, clustered_p


def test_a_rare_action_has_the_tail_of_poisson() -> None:
    """With 0.3 expected and 3 taken, each of tiny probability, the tail is that of Poisson's distribution."""
    assert bounded_sum_p(3 - 0.3, 0.3, 1.0, 1000) == pytest.approx(2 * stats.poisson(0.3).sf(2))


def test_large_counts_have_the_normal_tail() -> None:
    for z in (0.5, 1.96, 3.0):
        assert bounded_sum_p(z * 1e3, 1e6, 1.0, 1e7) == pytest.approx(2 * stats.norm.sf(z), rel=0.02)
        assert bounded_sum_p(-z * 1e3, 1e6, 1.0, 1e7) == bounded_sum_p(z * 1e3, 1e6, 1.0, 1e7)


@given(st.integers(1, 400), st.floats(1e-4, 1 - 1e-4), st.data())
def test_never_below_the_exact_tail_of_a_binomial_sum(n: int, p: float, data: st.DataObject) -> None:
    taken = data.draw(st.integers(0, n))
    exact = stats.binom(n, p)
    tail = exact.sf(taken - 1) if taken > n * p else exact.cdf(taken)
    assert bounded_sum_p(taken - n * p, n * p * (1 - p), 1.0, n) >= tail * (1 - 1e-9)


def test_what_cannot_happen() -> None:
    assert bounded_sum_p(1.0, 0.0, 1.0, 100) == 0.0
    assert bounded_sum_p(1e-12, 0.0, 1.0, 100) == 1.0
    assert bounded_sum_p(0.0, 5.0, 1.0, 100) == 1.0


def test_clusters_by_hand() -> None:
    """Four totals of size 1 and sum 4: variance 4, z 2, and (4^2)/4 = 4 degrees of freedom."""
    error, p = clustered_p(4.0, np.array([1.0, 1.0, 1.0, 1.0, 0.0]))
    assert error == 2.0
    assert p == pytest.approx(max(2 * stats.t(4).sf(2.0), 2 * stats.poisson(4).sf(7)))
    assert clustered_p(0.0, np.zeros(3)) == (0.0, 1.0)
