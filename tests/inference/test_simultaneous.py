"""Simultaneous quantiles against tables of all-pairs comparisons, SciPy and plain simulation."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from rankeval.inference import Estimate, Inference, Mean, Moments, pairs_needed, pairwise_root, simultaneous
from rankeval.inference.inference import NO_SPREAD
from rankeval.inference.simultaneous import factor, largest_t_quantile, median_of_largest


@pytest.mark.parametrize(("k", "degrees"), [(3, 10), (5, 20), (10, 60), (10, np.inf)])
def test_all_pairs_of_equal_means_are_tukeys_studentised_range(k: int, degrees: float) -> None:
    unit = np.eye(k)
    differences = np.array([unit[i] - unit[j] for i, j in combinations(range(k), 2)])
    wanted = stats.studentized_range.ppf(0.95, k, min(degrees, 1e6)) / np.sqrt(2)
    assert largest_t_quantile(differences, degrees, 0.95) == pytest.approx(wanted, rel=2e-3)


@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
@pytest.mark.parametrize("k", [2, 7, 30])
def test_independent_estimates_have_the_quantile_of_sidak(k: int, level: float) -> None:
    wanted = stats.norm.ppf(0.5 + level ** (1 / k) / 2)
    assert largest_t_quantile(np.eye(k), np.inf, level) == pytest.approx(wanted, rel=2e-3)
    median = stats.norm.ppf(0.5 ** (1 / k))
    assert median_of_largest(np.eye(k), np.inf) == pytest.approx(median, rel=4e-3)


def test_correlated_estimates_as_scipy_integrates_them() -> None:
    correlation = np.array([[1.0, 0.7, -0.2], [0.7, 1.0, 0.3], [-0.2, 0.3, 1.0]])
    c = largest_t_quantile(factor(correlation), 8, 0.9)
    law = stats.multivariate_t(shape=correlation, df=8, seed=1)
    assert law.cdf(np.full(3, c), lower_limit=np.full(3, -c)) == pytest.approx(0.9, abs=2e-3)


def test_one_estimate_or_equal_ones_have_the_quantile_of_t() -> None:
    wanted = stats.t.ppf(0.975, 12)
    for root in (np.ones((1, 1)), np.array([[1.0], [-2.0]]), np.array([[0.0, 0.0], [3.0, 1.0]])):
        assert largest_t_quantile(root, 12, 0.95) == pytest.approx(wanted, rel=1e-9)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 8), st.integers(1, 8), st.integers(0, 1000))
def test_a_factor_gives_the_covariance_back(k: int, rank: int, seed: int) -> None:
    root = np.random.default_rng(seed).normal(size=(k, rank))
    found = factor(root @ root.T)
    assert found.shape[1] <= min(k, rank)
    assert np.allclose(found @ found.T, root @ root.T, atol=1e-9 * np.abs(root).max() ** 2 * rank)


def joint(values: np.ndarray) -> Inference:
    """The inference from terms (k, n), with the pairs of all terms."""
    pairs = pairs_needed([Mean(i) - Mean(j) for i, j in combinations(range(len(values)), 2)])
    return Inference(Moments.of(values, pairs), students_t=True)


def differences(values: np.ndarray, groups: int = 1) -> list[Estimate]:
    inference, pairs = joint(values), list(combinations(range(len(values)), 2))
    means = [Mean(i) for i in range(len(values))]
    root = pairwise_root(inference, means, pairs)
    estimates = [inference.estimate(means[a] - means[b]) for a, b in pairs]
    return simultaneous(estimates, root, 0.95, groups)


def test_pairwise_roots_are_of_the_covariance_of_differences() -> None:
    values = np.random.default_rng(0).normal(size=(4, 40)) + np.arange(4)[:, np.newaxis]
    pairs = list(combinations(range(4), 2))
    root = pairwise_root(joint(values), [Mean(i) for i in range(4)], pairs)
    of_pairs = np.array([values[a] - values[b] for a, b in pairs])
    assert np.allclose(root @ root.T, np.cov(of_pairs) / 40, atol=1e-12)


def test_intervals_of_all_differences_hold_together() -> None:
    """Six equal means, 20 units: all 15 intervals hold in 95 % of 200 samples; alone, in far fewer."""
    rng, held, alone = np.random.default_rng(5), 0, 0
    for _ in range(200):
        found = differences(rng.normal(size=(6, 20)) + rng.normal(size=20))
        held += all(one.intervals[0].holds(0.0) for one in found)
        alone += all(one.intervals[1].holds(0.0) for one in found)
    assert alone < 150
    assert abs(held / 200 - 0.95) <= 3 * np.sqrt(0.95 * 0.05 / 200)


def test_more_groups_widen_and_a_sample_without_spread_has_a_reason() -> None:
    values = np.random.default_rng(1).normal(size=(4, 30))
    values[3] = values[2] + 1.0
    one, many = differences(values), differences(values, groups=10)
    assert one[0].intervals[0].method == "max_t"
    assert many[0].intervals[0].high > one[0].intervals[0].high > one[0].intervals[1].high
    assert (one[5].intervals[0].low, one[5].intervals[0].reason) == (None, NO_SPREAD)
