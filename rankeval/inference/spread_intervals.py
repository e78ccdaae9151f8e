"""Intervals that take the spread of the sample for that of the population."""

from __future__ import annotations

import math

import numpy as np

from rankeval.array_types import Floats
from rankeval.inference.facts import Facts
from rankeval.inference.fieller import fieller
from rankeval.inference.functionals import Functional, Relative
from rankeval.inference.sampling_distribution import SamplingDistribution
from rankeval.inference.undefined import Undefined
from rankeval.inference.wild_bootstrap import wild_interval

MAX_UNDEFINED = 0.01  # largest share of replicates without a value in a bootstrap interval


def without_spread(distribution: SamplingDistribution, functional: Functional, facts: Facts) -> bool:
    """Whether the sample does not show how much others would vary: not at all, or by chance."""
    by_chance = not facts.exact and distribution.std_error(functional) == 0.0
    return by_chance or distribution.shows_no_spread(functional)


def normal(distribution: SamplingDistribution, functional: Functional, _: Facts) -> tuple[float, float]:
    """``value +- z std_error`` (delta method), or Fieller's interval where a reference is near 0."""
    return by_spread(distribution, functional, distribution.quantile(functional))


def student(distribution: SamplingDistribution, functional: Functional, _: Facts) -> tuple[float, float]:
    """As normal, with the quantile of Student's t at the degrees of freedom of the standard error (1908)."""
    if distribution.degrees(functional) < 1.0:
        raise Undefined("its units stand for a distribution, and their number is not known")
    return by_spread(distribution, functional, distribution.students_quantile(functional))


def by_spread(
    distribution: SamplingDistribution, functional: Functional, quantile: float
) -> tuple[float, float]:
    if isinstance(functional, Relative) and distribution.near_zero(functional.right):
        return by_fieller(distribution, functional, quantile)
    value, margin = distribution.value(functional), quantile * distribution.std_error(functional)
    return value - margin, value + margin


def by_fieller(
    distribution: SamplingDistribution, relative: Relative, quantile: float, change: float = 0.0
) -> tuple[float, float]:
    """Fieller's interval of a relative gain, with the covariance of the delta method.

    A ``change`` of the numerator moves it, and counts as one more error of it.
    """
    left, right = relative.left, relative.right
    return fieller(
        distribution.value(left) + change,
        distribution.value(right),
        (math.hypot(distribution.std_error(left), change), distribution.std_error(right)),
        distribution.covariance(left, right),
        quantile,
    )


def bootstrap(distribution: SamplingDistribution, functional: Functional, _: Facts) -> tuple[float, float]:
    """The percentile interval: quantiles of the bootstrap replicates (Efron 1979)."""
    if distribution.few_clusters:
        raise Undefined("it has no correction for few or uneven clusters; normal and bootstrap_t have one")
    return _central(distribution, functional, distribution.bootstrap.values(functional))


def bootstrap_t(distribution: SamplingDistribution, functional: Functional, _: Facts) -> tuple[float, float]:
    """The studentised interval: ``value - t std_error`` at quantiles of t over the replicates (Efron 1982).

    Each replicate has its own ``t = (its value - value) / its std_error``. Standard errors are those between
    buckets. The t of a replicate with a standard error of 0 is infinite, or 0 if its value equals ``value``.
    With few or uneven clusters it is the interval of the wild cluster bootstrap.
    """
    if distribution.few_clusters:
        return _wild(distribution, functional)
    value, std_error = distribution.value(functional), distribution.bootstrap.std_error(functional)
    deviations = distribution.bootstrap.values(functional) - value
    with np.errstate(all="ignore"):
        t = deviations / distribution.bootstrap.std_errors(functional)
    low, high = _central(distribution, functional, np.where(deviations == 0.0, 0.0, t))
    if std_error == 0.0:
        return value, value
    if math.isinf(low) or math.isinf(high):
        raise Undefined("too many resamples have no variance")
    return value - high * std_error, value - low * std_error


def _wild(distribution: SamplingDistribution, functional: Functional) -> tuple[float, float]:
    """The interval of the wild cluster bootstrap, if it is bounded."""
    _require_resampling(distribution, functional)
    if distribution.std_error(functional) == 0.0:
        value = distribution.value(functional)
        return value, value
    low, high = wild_interval(distribution, functional)
    if math.isinf(low) or math.isinf(high):
        raise Undefined("clusters are too few or too uneven: no value is ruled out on one side")
    return low, high


def _require_resampling(distribution: SamplingDistribution, functional: Functional) -> None:
    if isinstance(functional, Relative) and distribution.near_zero(functional.right):
        raise Undefined("the reference is within 3 standard errors of 0: resampling needs it off 0")
    if np.count_nonzero(distribution.buckets[:, 0]) == 1:
        raise Undefined("all units are in one bucket: nothing to resample")


def _central(
    distribution: SamplingDistribution, functional: Functional, replicates: Floats
) -> tuple[float, float]:
    """The quantiles that enclose the share ``central`` of the replicates, without those that are NaN."""
    _require_resampling(distribution, functional)
    defined = replicates[~np.isnan(replicates)]
    missing = len(replicates) - len(defined)
    if missing > MAX_UNDEFINED * len(replicates):
        raise Undefined(f"{missing} of {len(replicates)} resamples have a denominator of 0 or no units")
    outside = (1.0 - distribution.central) / 2.0
    low = np.quantile(defined, outside, method="lower")
    return float(low), float(np.quantile(defined, 1.0 - outside, method="higher"))
