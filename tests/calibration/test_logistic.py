"""Newton's logistic regression against scikit-learn and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from rankeval.calibration.logistic import fit_logistic, logit, sigmoid

quick = settings(max_examples=60, deadline=None, derandomize=True, database=None)


def test_sigmoid_and_logit():
    x = np.array([-1000.0, -2.0, 0.0, 2.0, 1000.0])
    assert sigmoid(x).tolist() == pytest.approx([0.0, 1 / (1 + math.e**2), 0.5, 1 / (1 + math.e**-2), 1.0])
    assert logit(sigmoid(x[1:4]), 1e-16) == pytest.approx(x[1:4], abs=1e-12)
    assert np.isfinite(logit(np.array([0.0, 1.0]), 2.0**-52)).all()


def test_two_groups_have_their_logits():
    """Rates 1/4 at 0 and 3/4 at 1: intercept log(1/3), slope 2 log 3."""
    columns = np.stack([np.repeat([0.0, 1.0], 4), np.ones(8)])
    found = fit_logistic(columns, np.array([1, 0, 0, 0, 1, 1, 1, 0], float))
    assert found == pytest.approx([2 * math.log(3), -math.log(3)], abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("steepness", [0.3, 4.0])
def test_equal_to_scikit_learn_without_a_penalty(seed, steepness):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=400)
    y = rng.random(400) < sigmoid(steepness * x - 1.0)
    model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12, max_iter=1000)
    model.fit(x[:, np.newaxis], y)
    slope, intercept = fit_logistic(np.stack([x, np.ones(400)]), y.astype(float))
    assert slope == pytest.approx(model.coef_[0, 0], rel=1e-9)
    assert intercept == pytest.approx(model.intercept_[0], rel=1e-9)


@quick
@given(
    data=st.lists(st.tuples(st.integers(-20, 20), st.sampled_from([0.1, 0.5, 0.9])), min_size=3, max_size=40)
)
def test_the_gradient_is_0(data):
    """Targets off 0 and 1 always have a maximum; a constant column takes what another cannot."""
    x, t = np.array([x / 10 for x, _ in data]), np.array([t for _, t in data])
    if x.min() == x.max():
        x = np.linspace(-1.0, 1.0, len(x))
    columns = np.stack([x, np.ones(len(x))])
    b = fit_logistic(columns, t)
    assert columns @ (sigmoid(b @ columns) - t) / len(x) == pytest.approx([0.0, 0.0], abs=1e-9)
