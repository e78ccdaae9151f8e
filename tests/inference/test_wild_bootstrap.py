"""The wild cluster bootstrap against a naive version, replicate by replicate, and in simulated logs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rankeval.array_types import Floats, Hashes
from rankeval.inference import Inference, Mean, Moments, pairs_needed
from rankeval.inference.facts import NOTHING
from rankeval.inference.intervals import INTERVALS
from rankeval.inference.wild_bootstrap import WEBB, WildTest, wild_interval

ONE = pairs_needed([Mean(0)])


def inference_of(
    values: Floats, clusters: Hashes, replicates: int = 399, methods: str = "bootstrap_t"
) -> Inference:
    moments = Moments.of(values[np.newaxis], ONE, clusters)
    return Inference(moments, clustered=True, replicates=replicates, methods=(methods,))


def uneven(seed: int, sizes: list[int], alike: float = 0.5) -> tuple[Floats, Hashes]:
    rng = np.random.default_rng(seed)
    clusters = np.repeat(np.arange(len(sizes), dtype=np.uint64), sizes)
    own = np.repeat(rng.normal(scale=math.sqrt(alike), size=len(sizes)), sizes)
    return own + rng.normal(scale=math.sqrt(1.0 - alike), size=len(clusters)), clusters


def test_webbs_weights_have_mean_0_and_variance_1() -> None:
    assert WEBB.mean() == pytest.approx(0.0, abs=1e-15)
    assert (WEBB**2).mean() == pytest.approx(1.0, rel=1e-15)
    assert (WEBB**3).mean() == pytest.approx(0.0, abs=1e-15)


@pytest.mark.parametrize("delta", [-0.7, 0.1, 0.4, 2.0])
def test_rejects_as_a_naive_version(delta: float) -> None:
    """Each replicate is a sample of totals ``v s`` about the null, with its own mean and CR2 error."""
    values, clusters = uneven(3, [30, 9, 5, 5, 4, 3])
    inference = inference_of(values, clusters)
    sizes = inference.buckets[:, 0][inference.buckets[:, 0] > 0]
    totals = inference.residual_totals(Mean(0))[inference.buckets[:, 0] > 0]
    n, share = sizes.sum(), sizes / sizes.sum()
    error = math.sqrt(np.sum(totals**2 / (1 - share))) / n
    rng = np.random.default_rng([0, 2])
    rng.standard_normal((399, 1))
    weights = WEBB[rng.integers(0, 6, (399, 6))]
    as_far = 0
    for row in weights:
        drawn = row * (totals + delta * sizes)
        mean = drawn.sum() / n
        residuals = drawn - sizes * mean
        as_far += abs(mean) / (math.sqrt(np.sum(residuals**2 / (1 - share))) / n) >= abs(delta) / error
    assert WildTest(inference, Mean(0)).rejects(delta) == (as_far / 399 < 0.05)


def test_bounds_are_where_the_test_begins_to_reject() -> None:
    values, clusters = uneven(5, [40, 10, 8, 8, 6, 5, 4, 4])
    inference = inference_of(values, clusters)
    test, value = WildTest(inference, Mean(0)), inference.value(Mean(0))
    low, high = wild_interval(inference, Mean(0))
    assert low < value < high
    assert test.rejects((value - low) * 1.001)
    assert not test.rejects((value - low) * 0.999)
    assert test.rejects((value - high) * 1.001)
    assert not test.rejects((value - high) * 0.999)
    assert inference.estimate(Mean(0)).intervals[0].low == low


@pytest.mark.parametrize("sizes", [[59 * 5, *[5] * 59], [4 * 29 * 5, *[5] * 29]], ids=["half", "80 %"])
def test_holds_where_one_cluster_dominates(sizes: list[int]) -> None:
    """Of 120 intervals of 95 %, fewer than 106 hold with a probability under 0.2 %."""
    held = 0
    for seed in range(120):
        low, high = wild_interval(inference_of(*uneven(seed, sizes, alike=0.3)), Mean(0))
        held += low <= 0.0 <= high
    assert held >= 106


def test_percentiles_of_few_clusters_are_null_with_the_reason() -> None:
    inference = inference_of(*uneven(1, [20, 5, 5, 5, 5, 5]), methods="bootstrap")
    (interval,) = inference.estimate(Mean(0)).intervals
    assert (interval.low, interval.high) == (None, None)
    assert "few or uneven clusters" in (interval.reason or "")


def test_two_clusters_rule_nothing_out() -> None:
    """All replicates of two clusters are too alike to reject at 5 %."""
    (interval,) = inference_of(*uneven(1, [20, 20])).estimate(Mean(0)).intervals
    assert interval.low is None
    assert "no value is ruled out" in (interval.reason or "")


def test_many_even_clusters_are_resampled() -> None:
    values, clusters = uneven(2, [4] * 400)
    inference = inference_of(values, clusters, replicates=999)
    low, high = INTERVALS["bootstrap_t"](inference, Mean(0), NOTHING)
    normal_low, normal_high = INTERVALS["normal"](inference, Mean(0), NOTHING)
    assert (low, high) != wild_interval(inference, Mean(0))
    assert low == pytest.approx(normal_low, abs=0.03)
    assert high == pytest.approx(normal_high, abs=0.03)


class Uncertain(Mean):
    """A mean under an uncertain curve, which moves it by 1 for each standard error."""

    def by_curve(self, means: Floats) -> Floats:
        return np.array([1.0])


def test_the_error_of_the_curve_is_counted() -> None:
    """It is far larger than that of the clusters, so that the interval is nearly the normal one, +- 1.96."""
    values, clusters = uneven(4, [30, 8, 8, 8, 8, 8, 8])
    inference = inference_of(0.01 * values, clusters, replicates=4999)
    value = inference.value(Mean(0))
    low, high = wild_interval(inference, Uncertain(0))
    assert low == pytest.approx(value - 1.96, abs=0.1)
    assert high == pytest.approx(value + 1.96, abs=0.1)


def test_an_estimate_without_an_error_is_known() -> None:
    """SNIPS of a constant reward: all totals of residuals are 0, and a search for bounds would not end."""
    values, clusters = uneven(5, [30, 8, 8, 8, 8, 8, 8])
    weights, ratio = np.square(values), Mean(0) / Mean(1)
    moments = Moments.of(np.vstack([3.0 * weights, weights]), pairs_needed([ratio]), clusters)
    (interval,) = Inference(moments, clustered=True, methods=("bootstrap_t",)).estimate(ratio).intervals
    assert (interval.low, interval.high) == pytest.approx((3.0, 3.0), rel=1e-12)
