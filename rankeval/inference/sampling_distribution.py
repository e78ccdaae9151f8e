"""The sampling distribution of estimates: standard errors, covariances and bootstrap replicates.

Assumption: the units, or the clusters of units with the same key, are independent draws. One
:class:`SamplingDistribution` serves all functionals of the same moments, so that replicates are drawn once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from statistics import NormalDist

import numpy as np

from rankeval.array_types import Floats
from rankeval.errors import UsageError
from rankeval.inference.bootstrap import ROUNDING, Bootstrap, centred_buckets, without_rounding
from rankeval.inference.clusters import Clusters
from rankeval.inference.estimate import Side
from rankeval.inference.functionals import Functional, Gradient
from rankeval.inference.moments import Moments
from rankeval.inference.students_t import students_quantile
from rankeval.notes import Note

NEAR_ZERO = 3.0  # a reference within this many standard errors of 0 needs Fieller's interval


def central_level(level: float, side: Side) -> float:
    """The level itself; for a one-sided bound at level ``L``, which ends a central interval, ``2 L - 1``."""
    return level if side == "two" else 2.0 * level - 1.0


@dataclass(frozen=True, eq=False)
class SamplingDistribution:
    """The sampling distribution of functionals of the means in one :class:`Moments`.

    Args:
        moments: the means, with the co-moments of ``pairs_needed``.
        level: confidence level, in (0, 1).
        clustered: whether units with the same key are dependent; if so, standard errors are computed from
            bucket totals.
        replicates: number of bootstrap replicates.
        seed: seed of the bootstrap.
        students_t: whether quantiles are Student's for any degrees of freedom, not for few clusters alone.
        side: ``two``, ``lower`` or ``upper``: which ends of intervals are of interest.
        sequences: functional -> the ends of its confidence sequence by betting, as shares of the range of its
            terms; None where the sequence contradicts itself.
    """

    moments: Moments
    level: float = 0.95
    clustered: bool = False
    replicates: int = 1000
    seed: int = 0
    students_t: bool = False
    side: Side = "two"
    sequences: Mapping[Functional, tuple[float, float] | None] = field(default_factory=dict)

    @property
    def central(self) -> float:
        """The level of the two-sided interval each of whose ends fails as often as is allowed."""
        return central_level(self.level, self.side)

    def value(self, functional: Functional) -> float:
        """The value of the functional at the means; not finite where a denominator is 0."""
        return float(functional.value(self.moments.mean))

    def std_error(self, functional: Functional) -> float:
        """The delta-method standard error; 0 where the variance is no more than a rounding error.

        It includes the error of a position-bias curve, which is assumed to be independent of these units.
        """
        by_curve = float(np.sum(np.square(functional.by_curve(self.moments.mean))))
        return math.sqrt(self.variance_of_units(functional) + by_curve)

    def variance_of_units(self, functional: Functional) -> float:
        """The part of the squared standard error that is due to units or clusters, and not to a curve."""
        gradient = functional.gradient(self.moments.mean)
        if self.clustered:
            return self._between_clusters(gradient, gradient)
        return float(without_rounding(self._between_units(gradient, gradient)))

    def covariance(self, a: Functional, b: Functional) -> float:
        """The delta-method covariance of two estimates."""
        gradients = a.gradient(self.moments.mean), b.gradient(self.moments.mean)
        by_curve = float(np.sum(a.by_curve(self.moments.mean) * b.by_curve(self.moments.mean)))
        if self.clustered:
            return self._between_clusters(*gradients) + by_curve
        return sum(self._between_units(*gradients)) + by_curve

    def bucket_totals(self, functional: Functional) -> Floats:
        """(BUCKETS,) float64: scaled bucket totals of the linearised residuals, for clustered covariances.

        The covariance of two functionals is the sum over buckets of the products of their totals. This also
        holds for functionals of different moments, because equal keys are always in the same bucket.
        """
        gradient = functional.gradient(self.moments.mean)
        return self._residuals(gradient) * (self.clusters.adjustment / self.moments.n)

    @property
    def independent(self) -> float:
        """The number of independent draws: of units or, if clustered, of buckets that hold units.

        While clusters are few, the number of such buckets is the number of clusters.
        """
        return self.clusters.count if self.clustered else self.moments.units

    @cached_property
    def clusters(self) -> Clusters:
        """The sizes of the clusters."""
        return Clusters(self.buckets[:, 0])

    def degrees(self, functional: Functional) -> float:
        """Degrees of freedom of the standard error: those of the clusters, else units minus 1."""
        if not self.clustered:
            return int(self.independent) - 1
        gradient = functional.gradient(self.moments.mean)
        unit = float(without_rounding(self._between_units(gradient, gradient))) * self.moments.n
        return self.clusters.degrees(self._residuals(gradient), unit)

    def quantile(self, functional: Functional) -> float:
        """The normal quantile of ``(1 + central) / 2``; that of Student's t with few clusters."""
        if self.students_t or (self.clustered and self.clusters.few):
            return self.students_quantile(functional)
        return NormalDist().inv_cdf(0.5 + self.central / 2)

    def students_quantile(self, functional: Functional) -> float:
        """The quantile of ``(1 + central) / 2`` of Student's t."""
        return students_quantile(0.5 - self.central / 2, self.degrees(functional))

    @cached_property
    def bootstrap(self) -> Bootstrap:
        """The bootstrap replicates for all functionals, drawn on first use."""
        return Bootstrap(self.moments, self.buckets, self.replicates, self.seed)

    @property
    def buckets(self) -> Floats:
        """The bucket sums of the moments.

        Raises:
            UsageError: the moments have none, because no keys were given.
        """
        if self.moments.buckets is None:
            raise UsageError("bootstrap and clusters: found moments without keys, wanted one key a unit")
        return self.moments.buckets

    def notes(self) -> tuple[Note, ...]:
        """A warning about all standard errors if clusters are few, or uneven."""
        return self.clusters.notes() if self.clustered else ()

    def near_zero(self, functional: Functional) -> bool:
        """Whether the value is within 3 standard errors of 0."""
        return abs(self.value(functional)) < NEAR_ZERO * self.std_error(functional)

    def shows_no_spread(self, functional: Functional) -> bool:
        """Whether all terms on which the value depends are constant, as without any reward, or all rewarded.

        The variance is then 0, which says nothing of that of other samples. But a ratio whose residuals are
        all 0 while its terms vary, as SNIPS of a constant reward, has no error; so has a sum of a constant
        other than 0 and such a ratio.
        """
        mean, constant = self.moments.mean, self.moments.constant
        moving = [term for term, by in functional.gradient(mean).items() if by != 0.0]
        every = bool(constant[list(functional.terms)].all())
        return bool(constant[moving].all()) and (every or not mean[moving].any())

    def obstacle(self, functional: Functional) -> Note | None:
        """The reason why there is no standard error; None where there is one."""
        reason = self._obstacle(functional)
        return None if reason is None else Note("no_standard_error", reason)

    def _obstacle(self, functional: Functional) -> str | None:
        if self.moments.n == 0:
            return "no units"
        if not math.isfinite(self.value(functional)):
            return "its denominator is 0"
        if self.independent <= 1 and (self.clustered or self.moments.freedom <= 0):
            return f"a single {'cluster' if self.clustered else 'unit'} has no standard error"
        if not math.isfinite(self.std_error(functional)):
            return "its denominator is too close to 0, or its terms are too large"
        return None

    def _between_units(self, a: Gradient, b: Gradient) -> list[float]:
        """The summands ``a_i b_j cov(x_i, x_j) / n`` of a covariance."""
        moments = self.moments
        return [float(a[i]) * float(b[j]) * moments.covariance(i, j) / moments.n for i in a for j in b]

    def _between_clusters(self, a: Gradient, b: Gradient) -> float:
        """The covariance of both estimates, from bucket totals of the linearised residuals."""
        return self.clusters.corrected_sum(self._residuals(a) * self._residuals(b)) / self.moments.n**2

    def _residuals(self, gradient: Gradient) -> Floats:
        """(BUCKETS,) float64: totals of the linearised residuals; all 0 if they are only rounding errors."""
        parts = [g * self._centred_sums[:, j] for j, g in gradient.items()]
        residuals = np.sum(parts, axis=0)
        size = sum(abs(g) * _norm(self.buckets[:, j + 1]) for j, g in gradient.items())
        return np.where(_norm(residuals) <= ROUNDING * size < math.inf, 0.0, residuals)

    @cached_property
    def _centred_sums(self) -> Floats:
        return centred_buckets(self.moments, self.buckets)[:, 1:]


def _norm(x: Floats) -> float:
    """The Euclidean norm, without BLAS, whose sums depend on the number of threads."""
    return math.sqrt(float(np.sum(x * x)))
