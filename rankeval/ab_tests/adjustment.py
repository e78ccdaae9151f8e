"""CUPED: metrics adjusted by a covariate that was measured before the test (Deng et al. 2013)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rankeval.array_types import Floats
from rankeval.inference import Functional, Gradient, Mean, SamplingDistribution, WeightedSum


@dataclass(frozen=True)
class Shifted(Functional):
    """A functional plus a constant, as the known mean of a covariate."""

    functional: Functional
    shift: float

    @property
    def terms(self) -> frozenset[int]:
        return self.functional.terms

    def value(self, means: Floats) -> Any:
        return self.functional.value(means) + self.shift

    def gradient(self, means: Floats) -> Gradient:
        return self.functional.gradient(means)


class Ratios:
    """Turns functionals of the means of an arm into functionals of the means of all units of two arms.

    Term ``i`` of the arm has become term ``first + i``, 0 in the other arm. Its mean in the arm is the ratio
    of its mean over all units to that of the term ``one``, which is 1 in the arm.
    """

    def __init__(self, first: int, one: int) -> None:
        self._first, self._one = first, one

    def __call__(self, functional: Functional) -> Functional:
        if isinstance(functional, Mean):
            return Mean(self._first + functional.term) / Mean(self._first + self._one)
        # A ratio of two means: the share of the arm cancels.
        (numerator, denominator) = functional.left, functional.right  # type: ignore[attr-defined]
        return Mean(self._first + numerator.term) / Mean(self._first + denominator.term)


@dataclass(frozen=True)
class Adjustment:
    """A metric with its covariate, and the coefficient.

    The adjusted metric of arm k is ``M_k - theta (C_k - c)``, where C_k is the mean of the covariate in the
    arm and c its mean over all units. As treatment cannot change the covariate, the expectation of a
    difference stays, and its variance falls by the share that the covariate explains.

    Attributes:
        metric: the metric.
        covariate: the mean of the covariate; None: there is none, and the metric stays as it is.
        theta: the coefficient.
        centre: c.
    """

    metric: Functional
    covariate: Functional | None = None
    theta: float = 0.0
    centre: float = 0.0

    @classmethod
    def of(
        cls, metric: Functional, covariate: Functional | None, arms: Sequence[SamplingDistribution]
    ) -> Adjustment:
        """The adjustment with the coefficient that is pooled over arms.

        ``theta = sum_k (n_k - 1) s_k(M, C) / sum_k (n_k - 1) s_k(C, C)`` with the covariances s_k of units
        within arms; for a ratio of means, of its linearised terms. It is the coefficient of an analysis of
        covariance with one slope. Units are weighed alike, also if they form clusters: the coefficient is
        then not the best one, but the difference is as unbiased.
        """
        if covariate is None:
            return cls(metric)
        both, own, total, n = 0.0, 0.0, 0.0, 0.0
        for arm in arms:
            units = _independent(arm)
            if units.moments.freedom <= 0 or units.obstacle(metric):
                continue
            freedom, count = units.moments.freedom, units.moments.n
            both += freedom * count * units.covariance(metric, covariate)
            own += freedom * count * units.covariance(covariate, covariate)
            total, n = total + count * units.value(covariate), n + count
        theta = both / own if own > 0.0 else 0.0
        return cls(metric, covariate, theta, total / n if n else 0.0)

    @property
    def functional(self) -> Functional:
        """The adjusted metric of an arm."""
        return self._with(self.metric, self.covariate)

    def ratios(self, ratio: Ratios) -> Functional:
        """The same of terms that are ratios of others."""
        covariate = None if self.covariate is None else ratio(self.covariate)
        return self._with(ratio(self.metric), covariate)

    def _with(self, metric: Functional, covariate: Functional | None) -> Functional:
        if covariate is None:
            return metric
        adjusted = WeightedSum((metric, covariate), (1.0, -self.theta))
        return Shifted(adjusted, self.theta * self.centre)


def _independent(arm: SamplingDistribution) -> SamplingDistribution:
    """The same moments with units taken as independent."""
    return SamplingDistribution(arm.moments, arm.level)
