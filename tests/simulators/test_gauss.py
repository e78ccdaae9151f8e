from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankeval.simulators.gauss import gauss_rule


@given(
    st.lists(st.floats(-2.0, 2.0).map(lambda x: round(x, 2)), min_size=8, max_size=30, unique=True),
    st.integers(1, 4),
    st.integers(0, 2**32 - 1),
)
def test_means_of_polynomials_are_exact(values: list[float], size: int, seed: int):
    rng, x = np.random.default_rng(seed), np.array(values)
    weights = rng.dirichlet(np.ones(len(x)) * 5.0)
    nodes, shares = gauss_rule(x, weights, size)
    assert (shares > 0.0).all()
    for degree in range(2 * size):
        assert shares @ nodes**degree == pytest.approx(weights @ x**degree, abs=1e-10 * 2.0**degree)


def test_two_points_of_the_same_weight_are_their_own_rule():
    nodes, shares = gauss_rule(np.array([0.5, 1.0, 1.5]), np.array([0.25, 0.5, 0.25]), 2)
    # Mean 1 and variance 1/8, without skew: 1 -+ sqrt(1/8).
    np.testing.assert_allclose(nodes, [1.0 - 0.125**0.5, 1.0 + 0.125**0.5], rtol=1e-14)
    np.testing.assert_allclose(shares, [0.5, 0.5], rtol=1e-14)
