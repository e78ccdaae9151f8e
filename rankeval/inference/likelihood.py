"""Intervals by empirical likelihood with the divergence of Cressie & Read (1984) and the constraint E[w] = 1.

Among all distributions of the pairs of weight and reward that are not significantly less likely than the
sample, and under which the mean weight is 1, the least and the largest mean of ``x = (w - baseline) r`` are
the ends of the interval (Karampatziakis, Langford & Mineiro 2020, with the divergence of order -2, which
needs sums only). One unit more than the sample holds, with a possible weight and reward, stands for what was
not seen. With a baseline of 0 the numbers are those of vw-estimators.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from rankeval.inference.bootstrap import ROUNDING
from rankeval.inference.bounded_intervals import require_plain_units, require_weighted
from rankeval.inference.facts import Facts, Weighted
from rankeval.inference.functionals import Functional, Mean
from rankeval.inference.sampling_distribution import SamplingDistribution
from rankeval.inference.spread_intervals import without_spread
from rankeval.inference.students_t import students_quantile
from rankeval.inference.undefined import NO_SPREAD, Undefined

TINY = 1e-300  # a variance that is 0
UNSEEN = "the sample does not show what heavier weights would bring: state their range with --weight-range"


def likelihood(
    distribution: SamplingDistribution, functional: Functional, facts: Facts
) -> tuple[float, float]:
    """The interval of a mean of weighted rewards; of a ratio, that of its linearised terms.

    For a ratio, ``value +- sqrt(q / (n + 1)) s``, where ``q`` is the quantile of F(1, n) and ``s`` the
    standard deviation of the linearised terms: the same divergence without a constraint and an unseen unit.
    """
    require_plain_units(distribution)
    n = float(distribution.moments.n)
    critical = students_quantile((1.0 - distribution.central) / 2.0, n) ** 2
    if facts.ratio:
        if without_spread(distribution, functional, facts):
            raise Undefined(NO_SPREAD)
        return _of_linearised(distribution, functional, critical)
    weighted = require_weighted(facts)
    if weighted.weight is None:
        raise Undefined("it is for weighted rewards")
    sample = _Sample.of(distribution, functional, weighted)
    low, high = sample.least(weighted, critical, 1), -sample.least(weighted, critical, -1)
    bottom, top = weighted.reward
    if weighted.baseline:
        bottom, top = bottom - top, top - bottom
    return min(max(low, bottom), top), min(max(high, bottom), top)


def _of_linearised(
    distribution: SamplingDistribution, functional: Functional, critical: float
) -> tuple[float, float]:
    n, value = float(distribution.moments.n), distribution.value(functional)
    margin = distribution.std_error(functional) * math.sqrt(critical * n * (n - 1.0)) / (n + 1.0)
    return value - margin, value + margin


@dataclass(frozen=True)
class _Sample:
    """Means, variances and covariance (divided by ``n``) of the weight ``w`` and the term ``x``."""

    n: float
    weight: float
    term: float
    weights: float
    both: float
    terms: float

    @classmethod
    def of(cls, distribution: SamplingDistribution, functional: Functional, weighted: Weighted) -> _Sample:
        assert weighted.weight is not None
        moments, mean = distribution.moments, Mean(weighted.weight)
        scale = moments.freedom  # covariances of the means times n are divided by n - 1
        return cls(
            n=float(moments.n),
            weight=float(moments.mean[weighted.weight]),
            term=distribution.value(functional),
            weights=distribution.covariance(mean, mean) * scale,
            both=distribution.covariance(mean, functional) * scale,
            terms=distribution.covariance(functional, functional) * scale,
        )

    def joined(self, weight: float, term: float) -> _Sample:
        """The sample with one unit more."""
        n = self.n + 1.0
        share, apart, apart_term = self.n / n, weight - self.weight, term - self.term
        return _Sample(
            n,
            self.weight + apart / n,
            self.term + apart_term / n,
            share * (self.weights + apart * apart / n),
            share * (self.both + apart * apart_term / n),
            share * (self.terms + apart_term * apart_term / n),
        )

    def less(self, slope: float) -> _Sample:
        """The sample of ``x - slope w``; its spread does not cancel where an unseen weight is large."""
        return replace(
            self,
            term=self.term - slope * self.weight,
            both=self.both - slope * self.weights,
            terms=max(self.terms - 2.0 * slope * self.both + slope * slope * self.weights, 0.0),
        )

    def least(self, weighted: Weighted, critical: float, sign: int) -> float:
        """The least mean of ``sign x`` under distributions that the sample admits."""
        budget = critical / (self.n + 1.0) + self._least_divergence(weighted)
        found = [self._least_with(weight, weighted, budget, sign) for weight in weighted.weights]
        known = [value for value in found if value is not None]
        if not known:
            raise Undefined(UNSEEN)
        return min(known)

    def _least_divergence(self, weighted: Weighted) -> float:
        """The divergence of the most likely distribution under which the mean weight is 1."""
        unseen = weighted.weights[1] if self.weight < 1.0 else weighted.weights[0]
        if math.isinf(unseen):
            return 1.0 / self.n
        joined = self.joined(unseen, 0.0)
        return (1.0 - joined.weight) ** 2 / joined.weights

    def _least_with(self, weight: float, weighted: Weighted, budget: float, sign: int) -> float | None:
        """The least mean with an unseen unit of this weight.

        None if the mean weight cannot be 1, or nothing varies that would show what is unseen.
        """
        reward = weighted.reward[0 if (weight >= weighted.baseline) == (sign > 0) else 1]
        if math.isinf(weight):  # its share tends to 0, and its share of the weight is 1 - mean weight
            slope, rest = reward, self.less(reward)
            middle, left = slope + rest.term, budget - 1.0 / self.n
            variance = rest.terms * self.n / (self.n + 1.0)
        else:
            term = (weight - weighted.baseline) * reward
            slope = term / weight if weight > 0.0 else 0.0
            rest = self.less(slope).joined(weight, term - slope * weight)
            missing = 1.0 - rest.weight
            middle = slope + rest.term + missing * rest.both / rest.weights
            variance = max(rest.terms - rest.both * rest.both / rest.weights, 0.0)
            left = budget - missing * missing / rest.weights
        if left < 0.0:
            return None
        size = self.terms + slope * slope * self.weights
        if variance <= ROUNDING * size + TINY and not self._is_end(middle, reward, weighted):
            return None
        return sign * middle - math.sqrt(variance * left)

    @staticmethod
    def _is_end(middle: float, end: float, weighted: Weighted) -> bool:
        """Whether a mean is the end of the range of rewards, beyond which none is."""
        return not weighted.baseline and math.isclose(middle, end, rel_tol=1e-9, abs_tol=TINY)
