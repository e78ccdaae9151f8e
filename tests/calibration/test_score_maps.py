"""Maps by hand, against scikit-learn, and what holds for all of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from rankeval.calibration.score_maps import Isotonic, LogitTemperature, Platt, Prior, Temperature
from rankeval.errors import DataError

quick = settings(max_examples=60, deadline=None, derandomize=True, database=None)


def drawn(seed, n=500, ties=False):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return np.round(x, 1) if ties else x, rng.random(n) < 1 / (1 + np.exp(0.5 - 1.5 * x))


def loss(p, y):
    return -np.mean(np.where(y, np.log(p), np.log1p(-p)))


# Platt.


def test_platt_by_hand():
    """Rates 1/4 at score 10 and 3/4 at 20: logits -log 3 and log 3."""
    scores = np.repeat([10.0, 20.0], 4)
    found = Platt.fit(scores, np.array([1, 0, 0, 0, 1, 1, 1, 0], bool))
    assert found.slope == pytest.approx(0.2 * math.log(3), abs=1e-12)
    assert found.intercept == pytest.approx(-3 * math.log(3), abs=1e-11)
    assert found.apply(np.array([10.0, 15.0, 20.0])) == pytest.approx([0.25, 0.5, 0.75], abs=1e-12)


def test_smooth_targets_by_hand():
    """Separated labels: targets (2 + 1) / (2 + 2) and 1 / (1 + 2) are met exactly by two scores."""
    found = Platt.fit(np.array([0.0, 1.0, 1.0]), np.array([False, True, True]), smooth=True)
    assert found.apply(np.array([0.0, 1.0])) == pytest.approx([1 / 3, 3 / 4], abs=1e-10)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_platt_equals_logistic_regression(seed, scale):
    x, y = drawn(seed)
    model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12, max_iter=1000)
    wanted = model.fit(x[:, np.newaxis], y).predict_proba(x[:, np.newaxis])[:, 1]
    assert Platt.fit(scale * x, y).apply(scale * x) == pytest.approx(wanted, abs=1e-9)


class Identity(ClassifierMixin, BaseEstimator):
    """A classifier whose decision function is the only feature."""

    def fit(self, x, y):
        self.classes_ = np.unique(y)
        return self

    def decision_function(self, x):
        return x[:, 0]

    def predict(self, x):
        return x[:, 0] > 0


@pytest.mark.parametrize("seed", range(3))
def test_smooth_targets_are_those_of_calibrated_classifier_cv(seed):
    """scikit-learn's optimiser stops earlier: the maps agree to 1e-4, and to 1e-9 in what they minimise."""
    x, y = drawn(seed)
    features = x[:, np.newaxis]
    model = CalibratedClassifierCV(FrozenEstimator(Identity().fit(features, y)), method="sigmoid")
    theirs = model.fit(features, y).predict_proba(features)[:, 1]
    ours = Platt.fit(x, y, smooth=True).apply(x)
    assert ours == pytest.approx(theirs, abs=1e-4)
    found, other = y.sum(), (~y).sum()
    t = np.where(y, (found + 1) / (found + 2), 1 / (other + 2))
    losses = [-np.mean(t * np.log(p) + (1 - t) * np.log1p(-p)) for p in (ours, theirs)]
    assert losses[0] <= losses[1] + 1e-12
    assert losses[0] == pytest.approx(losses[1], abs=1e-9)


@pytest.mark.parametrize(
    ("scores", "labels", "message"),
    [
        ([2.0, 2.0], [1, 0], "all scores are 2, wanted at least two values"),
        ([1.0, 2.0, 3.0], [0, 0, 1], "a threshold on the score separates relevant and other items"),
        ([1.0, 2.0, 2.0], [0, 0, 1], "a threshold on the score separates relevant and other items"),
        ([3.0, 2.0, 1.0], [0, 1, 1], "a threshold on the score separates relevant and other items"),
        ([1e300, 2.0, -1e300, 3.0], [0, 1, 0, 1], "the scores have a standard deviation of inf"),
        ([1e-200, 2e-200, 3e-200], [0, 1, 0], "the scores have a standard deviation of 0"),
    ],
)
def test_platt_without_a_fit(scores, labels, message):
    with pytest.raises(DataError) as caught:
        Platt.fit(np.array(scores), np.array(labels, bool))
    assert str(caught.value).startswith(message)


# Isotonic.


def test_isotonic_by_hand():
    """The labels 0, 1, 0, 1: the middle two violate the order and share their mean."""
    found = Isotonic.fit(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0, 1, 0, 1], bool))
    assert found.apply(np.array([0.0, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 9.0])) == pytest.approx(
        [0.0, 0.0, 0.25, 0.5, 0.5, 0.5, 0.75, 1.0]
    )


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("ties", [True, False])
def test_isotonic_equals_scikit_learn(seed, ties):
    x, y = drawn(seed, ties=ties)
    model = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(x, y)
    grid = np.linspace(-5.0, 5.0, 1001)
    assert Isotonic.fit(x, y).apply(grid) == pytest.approx(model.predict(grid), abs=1e-9)


def test_isotonic_of_one_score_is_its_rate():
    found = Isotonic.fit(np.full(4, 2.0), np.array([1, 0, 0, 0], bool))
    assert found.apply(np.array([-1.0, 2.0, 7.0])).tolist() == [0.25] * 3


def naive_isotonic(labels):
    """Pool adjacent violators on labels in the order of distinct scores."""
    blocks = []
    for label in labels:
        blocks.append([float(label), 1])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] >= blocks[-1][0] / blocks[-1][1]:
            total, count = blocks.pop()
            blocks[-1] = [blocks[-1][0] + total, blocks[-1][1] + count]
    return [total / count for total, count in blocks for _ in range(count)]


@quick
@given(labels=st.lists(st.booleans(), min_size=1, max_size=30))
def test_isotonic_equals_pool_adjacent_violators(labels):
    scores = np.arange(len(labels), dtype=float)
    assert Isotonic.fit(scores, np.array(labels)).apply(scores) == pytest.approx(naive_isotonic(labels))


# Temperature.


def test_temperature_by_hand():
    """Three of four items have the sign of their label: 1 / (1 + exp(-2 / T)) = 3/4, so T = 2 / log 3."""
    found = Temperature.fit(np.array([2.0, 2.0, -2.0, 2.0]), np.array([1, 1, 0, 0], bool))
    assert found.temperature == pytest.approx(2 / math.log(3), abs=1e-12)


@pytest.mark.parametrize("truth", [0.5, 2.0])
def test_temperature_of_probabilities_is_on_their_logits(truth):
    """The true logit is that of the score over the temperature; 40,000 items, error below 3 %."""
    rng = np.random.default_rng(1)
    p = rng.beta(2, 2, 40_000)
    y = rng.random(40_000) < 1 / (1 + np.exp(-np.log(p / (1 - p)) / truth))
    found = LogitTemperature.fit(p, y)
    assert found.temperature == pytest.approx(truth, rel=0.03)
    steps = [LogitTemperature(found.temperature * factor) for factor in (0.999, 1.0, 1.001)]
    losses = [loss(step.apply(p), y) for step in steps]
    assert losses[1] == min(losses)
    assert found.apply(np.array([0.0, 0.5, 1.0])).tolist() == pytest.approx([0.0, 0.5, 1.0], abs=1e-6)


@pytest.mark.parametrize(
    ("scores", "labels", "message"),
    [
        ([1.0, 2.0, -1.0], [1, 1, 0], "the sign of the score tells all labels, wanted labels that overlap"),
        (
            [-1.0, 2.0, 1.0],
            [1, 0, 0],
            "relevant items do not have higher scores than the others, wanted that they have",
        ),
        (
            [0.0, 0.0],
            [1, 0],
            "relevant items do not have higher scores than the others, wanted that they have",
        ),
    ],
)
def test_temperature_without_a_fit(scores, labels, message):
    with pytest.raises(DataError) as caught:
        Temperature.fit(np.array(scores), np.array(labels, bool))
    assert str(caught.value) == message


# Prior.


def test_prior_by_hand():
    """A tenth of the others was kept: 0.5 / (0.5 + 0.5 / 0.1) = 1 / 11."""
    found = Prior(0.1).apply(np.array([0.0, 0.5, 1.0]))
    assert found == pytest.approx([0.0, 1 / 11, 1.0], abs=1e-15)


@quick
@given(p=st.floats(0.0, 1.0), rate=st.floats(1e-6, 1.0))
def test_prior_undoes_the_sampling(p, rate):
    """With a share ``rate`` of the others the probability is p / (p + rate (1 - p))."""
    if p + rate * (1 - p) > 0:
        sampled = p / (p + rate * (1 - p))
        assert Prior(rate).apply(np.array([sampled]))[0] == pytest.approx(p, abs=1e-9)


# All.

SCORES = st.lists(st.floats(0.0, 1.0), min_size=2, max_size=30)


@quick
@given(scores=SCORES, seed=st.integers(0, 10))
def test_maps_keep_the_order_up_to_ties(scores, seed):
    x, y = drawn(seed, n=80)
    p = 1 / (1 + np.exp(-x))
    ordered = np.sort(scores)
    maps = [
        Platt.fit(p, y),
        Isotonic.fit(p, y),
        LogitTemperature.fit(p, y),
        Temperature(0.7),
        Prior(0.3),
    ]
    for each in maps:
        found = each.apply(ordered)
        assert (np.diff(found) >= -1e-15).all()
        assert ((found >= 0.0) & (found <= 1.0)).all()


@pytest.mark.parametrize("fit", [Platt.fit, Isotonic.fit])
def test_fitted_probabilities_have_the_mean_of_the_labels(fit):
    x, y = drawn(4, n=2000)
    assert fit(x, y).apply(x).mean() == pytest.approx(y.mean(), abs=1e-9)
