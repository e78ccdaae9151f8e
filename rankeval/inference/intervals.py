"""The catalogue of confidence intervals: one function each, from a sampling distribution."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from rankeval.array_types import Floats
from rankeval.inference.functionals import Functional, Relative
from rankeval.inference.sampling_distribution import SamplingDistribution

MAX_UNDEFINED = 0.01  # share of replicates that a bootstrap interval may leave out


class Undefined(Exception):
    """Says why an interval cannot be computed; becomes :attr:`Interval.reason`."""


def _normal(distribution: SamplingDistribution, functional: Functional) -> tuple[float, float]:
    """``value +- z std_error`` (delta method), or Fieller's interval where a reference is near 0."""
    if isinstance(functional, Relative) and distribution.near_zero(functional.right):
        return _fieller(distribution, functional)
    value, margin = distribution.value(functional), distribution.quantile * distribution.std_error(functional)
    return value - margin, value + margin


def _fieller(distribution: SamplingDistribution, relative: Relative) -> tuple[float, float]:
    """The relative gains ``x`` for which ``left - (1 + x) right`` may be 0 (Fieller 1954)."""
    left, right = distribution.value(relative.left), distribution.value(relative.right)
    z2 = distribution.quantile**2
    square = right * right - z2 * distribution.std_error(relative.right) ** 2
    if square <= 0.0:
        raise Undefined("the reference is not clearly off 0: the interval (Fieller) is unbounded")
    middle = left * right - z2 * distribution.covariance(relative.left, relative.right)
    constant = left * left - z2 * distribution.std_error(relative.left) ** 2
    root = math.sqrt(max(middle * middle - square * constant, 0.0))
    return (middle - root) / square - 1.0, (middle + root) / square - 1.0


def _bootstrap(distribution: SamplingDistribution, functional: Functional) -> tuple[float, float]:
    """Percentile interval over the replicates (Efron 1979)."""
    return _central(distribution, functional, distribution.bootstrap.values(functional))


def _bootstrap_t(distribution: SamplingDistribution, functional: Functional) -> tuple[float, float]:
    """Studentised (Efron 1982): ``value - t std_error`` at quantiles of the replicates' own t.

    Standard errors are those between buckets; a replicate that has none has an infinite t.
    """
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


def _central(
    distribution: SamplingDistribution, functional: Functional, replicates: Floats
) -> tuple[float, float]:
    """The quantiles that enclose the share ``level`` of the replicates that are defined."""
    if isinstance(functional, Relative) and distribution.near_zero(functional.right):
        raise Undefined("the reference is within 3 standard errors of 0: resampling needs it off 0")
    if np.count_nonzero(distribution.buckets[:, 0]) == 1:
        raise Undefined("all units are in one bucket: nothing to resample")
    defined = replicates[~np.isnan(replicates)]
    missing = len(replicates) - len(defined)
    if missing > MAX_UNDEFINED * len(replicates):
        raise Undefined(f"{missing} of {len(replicates)} resamples have a denominator of 0 or no units")
    outside = (1.0 - distribution.level) / 2.0
    low = np.quantile(defined, outside, method="lower")
    return float(low), float(np.quantile(defined, 1.0 - outside, method="higher"))


#: Name -> the lower and the upper bound.
INTERVALS: dict[str, Callable[[SamplingDistribution, Functional], tuple[float, float]]] = {
    "normal": _normal,
    "bootstrap": _bootstrap,
    "bootstrap_t": _bootstrap_t,
}
#: Those that resample buckets of units.
BUCKETED = frozenset({"bootstrap", "bootstrap_t"})
