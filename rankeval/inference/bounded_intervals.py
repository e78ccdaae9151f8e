"""Intervals of means of bounded terms, which hold for any number of units.

Symbols: the term of a unit lies in ``[a, b]``, the confidence level is ``1 - alpha``, and each side of an
interval fails with probability at most ``alpha / 2``.
"""

from __future__ import annotations

import math

import numpy as np

from rankeval.inference.facts import Facts, Weighted
from rankeval.inference.functionals import Functional
from rankeval.inference.sampling_distribution import SamplingDistribution
from rankeval.inference.undefined import Undefined

#: The largest mean reward, as a share of the range of rewards, of a Clopper-Pearson interval. With weights up
#: to M the variance of ``w r`` may be ``p (M - p)``, and the interval takes ``M p (1 - p)``.
COMMON = 0.1


def hoeffding(
    distribution: SamplingDistribution, functional: Functional, facts: Facts
) -> tuple[float, float]:
    """``value +- (b - a) sqrt(log(2 / alpha) / (2 n))`` (Hoeffding 1963)."""
    low, high = _range(distribution, facts)
    n = distribution.moments.n
    margin = (high - low) * math.sqrt(-math.log(_tail(distribution)) / (2.0 * n))
    return _within(low, high, distribution.value(functional), margin)


def bernstein(
    distribution: SamplingDistribution, functional: Functional, facts: Facts
) -> tuple[float, float]:
    """The empirical Bernstein interval (Maurer & Pontil 2009, theorem 4), with ``L = log(4 / alpha)``.

    ``value +- (sqrt(2 V L / n) + 7 (b - a) L / (3 (n - 1)))``, where V is the variance of the terms, divided
    by ``n - 1``.
    """
    low, high = _range(distribution, facts)
    n, logarithm = distribution.moments.n, -math.log(_tail(distribution) / 2.0)
    spread = distribution.std_error(functional) * math.sqrt(2.0 * logarithm)
    margin = spread + 7.0 * (high - low) * logarithm / (3.0 * (n - 1.0))
    return _within(low, high, distribution.value(functional), margin)


def betting(distribution: SamplingDistribution, functional: Functional, facts: Facts) -> tuple[float, float]:
    """The end of a confidence sequence by betting, which was played in the order of the log.

    See :mod:`rankeval.inference.betting`.
    """
    low, high = _range(distribution, facts)
    if functional not in distribution.sequences:
        raise Undefined(
            "it is for the rounds of a whole log in their order, each counted once, and for parameters that "
            "the log did not choose"
        )
    ends = distribution.sequences[functional]
    if ends is None:
        raise Undefined("no mean is in line with all of the log: it seems to change along the log")
    return low + (high - low) * ends[0], low + (high - low) * ends[1]


def clopper_pearson(
    distribution: SamplingDistribution, functional: Functional, facts: Facts
) -> tuple[float, float]:
    """The exact binomial interval (Clopper & Pearson 1934), scaled by the largest weight M.

    Rewards are scaled to [0, 1]. ``sum w r / M`` successes in ``n / M`` trials: ends of the interval are
    quantiles of ``beta(k, n / M - k + 1)`` and ``beta(k + 1, n / M - k)``, as in vw-estimators. Without any
    reward and with weights of 1, the upper end is ``1 - (alpha / 2)^(1 / n)``, about ``3.7 / n`` at 95 %.
    It holds for rare rewards: if nearly all of the range of rewards is 0.
    """
    require_plain_units(distribution)
    weighted = require_weighted(facts)
    if weighted.baseline:
        raise Undefined("it is for values, not for gains")
    bottom, top = weighted.reward
    moments = distribution.moments
    largest, mean_weight = _weights(distribution, weighted)
    shifted = distribution.value(functional) - (bottom * mean_weight if bottom else 0.0)
    rewards = shifted * moments.n / (top - bottom)
    if largest <= 0.0:
        raise Undefined("no unit has a weight above 0")
    from scipy.special import betaincinv

    trials, successes = moments.n / largest, max(rewards / largest, 0.0)
    if largest > 1.0 and successes > COMMON * trials:
        raise Undefined(f"it is for rare rewards: a mean of at most {COMMON:g} of their range")
    successes, tail = min(successes, trials), _tail(distribution)
    low = 0.0 if successes == 0.0 else float(betaincinv(successes, trials - successes + 1.0, tail))
    rest = trials - successes
    high = 1.0 if rest <= 0.0 else float(betaincinv(successes + 1.0, rest, 1.0 - tail))
    return bottom + (top - bottom) * low, bottom + (top - bottom) * high


def require_plain_units(distribution: SamplingDistribution) -> None:
    """Raise :class:`Undefined` unless every unit is one independent draw, or several whole ones."""
    if distribution.clustered:
        raise Undefined("units of a cluster depend on each other, and its size has no known bound")
    if distribution.moments.squared is not None or not distribution.moments.whole:
        raise Undefined("its units have weights, so that they are not draws of one kind")


def require_weighted(facts: Facts) -> Weighted:
    """The weights and rewards behind a functional; raise :class:`Undefined` if they are not known."""
    if facts.weighted is None:
        raise Undefined(facts.unweighted)
    return facts.weighted


def _weights(distribution: SamplingDistribution, weighted: Weighted) -> tuple[float, float]:
    """The largest weight, observed unless a bound is stated, and the mean weight."""
    if weighted.weight is None:
        return 1.0, 1.0
    moments, largest = distribution.moments, weighted.weights[1]
    observed = float(moments.high[weighted.weight])
    return largest if math.isfinite(largest) else observed, float(moments.mean[weighted.weight])


def _range(distribution: SamplingDistribution, facts: Facts) -> tuple[float, float]:
    require_plain_units(distribution)
    if facts.bounds is None:
        raise Undefined(facts.unbounded)
    return facts.bounds


def _tail(distribution: SamplingDistribution) -> float:
    """The probability of each side, ``alpha / 2``."""
    return (1.0 - distribution.central) / 2.0


def _within(low: float, high: float, value: float, margin: float) -> tuple[float, float]:
    """``value +- margin``, cut to the range in which the mean lies."""
    return float(np.clip(value - margin, low, high)), float(np.clip(value + margin, low, high))
