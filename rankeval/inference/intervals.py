"""Standard errors and confidence intervals of functionals of the means of terms.

Units, or the clusters of units that share a key, are taken to be independent draws. One :class:`Inference`
serves all functionals of the same moments, so that bootstrap replicates are drawn once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from rankeval.errors import UsageError
from rankeval.inference.bootstrap import ROUNDING, Bootstrap, centred_buckets, without_rounding
from rankeval.inference.estimate import Estimate, Functional, Gradient, Interval, Relative
from rankeval.inference.moments import Moments

FEW_CLUSTERS = 50  # with fewer, Student's t and a warning
NEAR_ZERO = 3.0  # a reference within this many standard errors of 0 calls for Fieller's interval
MAX_REPLICATES = 1_000_000  # more would tell nothing new, and take minutes
MAX_UNDEFINED = 0.01  # share of replicates that a bootstrap interval may leave out


class Undefined(Exception):
    """Says why an interval cannot be computed; becomes :attr:`Interval.reason`."""


@dataclass(frozen=True, eq=False)
class Inference:
    """Estimates, with errors and intervals, from one :class:`Moments`.

    Args:
        moments: the means, with the co-moments of ``pairs_needed``.
        methods: names from :data:`INTERVALS`, in the order of the result.
        level: confidence level, in (0, 1).
        clustered: units of one key are dependent; errors come from bucket totals.
        replicates, seed: of the bootstrap.

    Raises:
        UsageError: no method or an unknown one, a level or number of replicates out of range, or moments
            without buckets where the bootstrap or clusters need them.
    """

    moments: Moments
    methods: Sequence[str] = ("normal",)
    level: float = 0.95
    clustered: bool = False
    replicates: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.methods:
            raise UsageError(f"ci: found no method, wanted one of {', '.join(INTERVALS)}")
        for method in self.methods:
            if method not in INTERVALS:
                raise UsageError(f"ci: found {method!r}, wanted one of {', '.join(INTERVALS)}")
        # Of (1 + level) / 2, which rounding may make 1, there must be a quantile.
        if not 0.5 < 0.5 + self.level / 2 < 1.0:
            raise UsageError(f"level: found {self.level}, wanted a number between 0 and 1")
        if not 2 <= self.replicates <= MAX_REPLICATES:
            raise UsageError(f"replicates: found {self.replicates}, wanted 2 to {MAX_REPLICATES:,}")
        if self.clustered or BUCKETED & set(self.methods):
            self.buckets  # noqa: B018  (raises now rather than at the first estimate)

    def estimate(self, functional: Functional) -> Estimate:
        """Value, standard error and intervals of ``functional``; None with a reason, never NaN."""
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite becomes a reason
            return self._estimate(functional)

    def _estimate(self, functional: Functional) -> Estimate:
        n, value = self.moments.n, self.value(functional)
        reason = self._obstacle(functional)
        if reason is not None:
            intervals = [Interval(method, self.level, None, None, reason) for method in self.methods]
            known = value if n > 0 and math.isfinite(value) else None
            return Estimate(known, None, tuple(intervals), n, (reason,))
        intervals = [self._interval(method, functional) for method in self.methods]
        return Estimate(value, self.std_error(functional), tuple(intervals), n, self._warnings())

    def value(self, functional: Functional) -> float:
        """The functional at the means; not finite where a denominator is 0."""
        return float(functional.value(self.moments.mean))

    def std_error(self, functional: Functional) -> float:
        """Delta-method standard error; 0 where the variance is rounding alone.

        The error of a position-bias curve is added as one that is independent of these units.
        """
        gradient = functional.gradient(self.moments.mean)
        if self.clustered:
            between = self._between_clusters(gradient, gradient)
        else:
            between = float(without_rounding(self._between_units(gradient, gradient)))
        return math.sqrt(between + float(np.sum(np.square(functional.by_curve(self.moments.mean)))))

    def covariance(self, a: Functional, b: Functional) -> float:
        """Delta-method covariance of two estimates."""
        gradients = a.gradient(self.moments.mean), b.gradient(self.moments.mean)
        by_curve = float(np.sum(a.by_curve(self.moments.mean) * b.by_curve(self.moments.mean)))
        if self.clustered:
            return self._between_clusters(*gradients) + by_curve
        return sum(self._between_units(*gradients)) + by_curve

    def bucket_totals(self, functional: Functional) -> NDArray[np.float64]:
        """(BUCKETS,) linearised totals, scaled: a clustered covariance is the sum of products of two of them.

        Also of two functionals of different moments, if units of one key are in the same buckets.
        """
        gradient = functional.gradient(self.moments.mean)
        scale = math.sqrt(self.independent / max(self.independent - 1, 1)) / self.moments.n
        return self._residuals(gradient) * scale

    @cached_property
    def independent(self) -> float:
        """The number of units; if clustered, of occupied buckets (of clusters, while they are few)."""
        return int(np.count_nonzero(self.buckets[:, 0])) if self.clustered else self.moments.n

    @cached_property
    def quantile(self) -> float:
        """The normal quantile of ``(1 + level) / 2``; Student's with G - 1 degrees for few clusters G."""
        below = 0.5 + self.level / 2
        if self._few_clusters():
            from scipy.special import stdtrit

            return float(stdtrit(self.independent - 1, below))
        return NormalDist().inv_cdf(below)

    @cached_property
    def bootstrap(self) -> Bootstrap:
        """The replicates that all functionals share, drawn when first asked for."""
        return Bootstrap(self.moments, self.buckets, self.replicates, self.seed)

    @property
    def buckets(self) -> NDArray[np.float64]:
        """The bucket sums of the moments."""
        if self.moments.buckets is None:
            raise UsageError("bootstrap and clusters: found moments without keys, wanted one key a unit")
        return self.moments.buckets

    def _interval(self, method: str, functional: Functional) -> Interval:
        try:
            low, high = INTERVALS[method](self, functional)
        except Undefined as undefined:
            return Interval(method, self.level, None, None, str(undefined))
        if not (math.isfinite(low) and math.isfinite(high)):
            return Interval(method, self.level, None, None, "its terms are too large")
        return Interval(method, self.level, low, high)

    def _few_clusters(self) -> bool:
        return self.clustered and self.independent < FEW_CLUSTERS

    def _warnings(self) -> tuple[str, ...]:
        if self._few_clusters():
            return (f"only {self.independent} clusters: with fewer than {FEW_CLUSTERS}, errors are rough",)
        return ()

    def _obstacle(self, functional: Functional) -> str | None:
        """Why there is no standard error, if there is none."""
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
        """The parts ``a_i b_j cov(x_i, x_j) / n`` of a covariance."""
        moments = self.moments
        return [float(a[i]) * float(b[j]) * moments.covariance(i, j) / moments.n for i in a for j in b]

    def _between_clusters(self, a: Gradient, b: Gradient) -> float:
        """``G / (G - 1) sum_g e_ag e_bg / n^2``, e the bucket totals of the linearised residuals."""
        total = float(np.sum(self._residuals(a) * self._residuals(b)))
        return total * self.independent / (self.independent - 1) / self.moments.n**2

    def _residuals(self, gradient: Gradient) -> NDArray[np.float64]:
        """(BUCKETS,) totals of the linearised residuals, all 0 where they are rounding alone."""
        parts = [g * self._centred_sums[:, j] for j, g in gradient.items()]
        residuals = np.sum(parts, axis=0)
        size = sum(abs(g) * _norm(self.buckets[:, j + 1]) for j, g in gradient.items())
        return np.where(_norm(residuals) <= ROUNDING * size < math.inf, 0.0, residuals)

    @cached_property
    def _centred_sums(self) -> NDArray[np.float64]:
        return centred_buckets(self.moments, self.buckets)[:, 1:]


def _norm(x: NDArray[np.float64]) -> float:
    """Euclidean norm, without BLAS: its sums depend on the number of threads."""
    return math.sqrt(float(np.sum(x * x)))


def _normal(inference: Inference, functional: Functional) -> tuple[float, float]:
    """``value +- z std_error`` (delta method), or Fieller's interval where a reference is near 0."""
    if isinstance(functional, Relative) and _near_zero(inference, functional.right):
        return _fieller(inference, functional)
    value, margin = inference.value(functional), inference.quantile * inference.std_error(functional)
    return value - margin, value + margin


def _near_zero(inference: Inference, reference: Functional) -> bool:
    return abs(inference.value(reference)) < NEAR_ZERO * inference.std_error(reference)


def _fieller(inference: Inference, relative: Relative) -> tuple[float, float]:
    """The relative gains ``x`` for which ``left - (1 + x) right`` may be 0 (Fieller 1954)."""
    left, right = inference.value(relative.left), inference.value(relative.right)
    z2 = inference.quantile**2
    square = right * right - z2 * inference.std_error(relative.right) ** 2
    if square <= 0.0:
        raise Undefined("the reference is not clearly off 0: the interval (Fieller) is unbounded")
    middle = left * right - z2 * inference.covariance(relative.left, relative.right)
    constant = left * left - z2 * inference.std_error(relative.left) ** 2
    root = math.sqrt(max(middle * middle - square * constant, 0.0))
    return (middle - root) / square - 1.0, (middle + root) / square - 1.0


def _bootstrap(inference: Inference, functional: Functional) -> tuple[float, float]:
    """Percentile interval over the replicates (Efron 1979)."""
    return _central(inference, functional, inference.bootstrap.values(functional))


def _bootstrap_t(inference: Inference, functional: Functional) -> tuple[float, float]:
    """Studentised (Efron 1982): ``value - t std_error`` at quantiles of the replicates' own t.

    Standard errors are those between buckets; a replicate that has none has an infinite t.
    """
    value, std_error = inference.value(functional), inference.bootstrap.std_error(functional)
    deviations = inference.bootstrap.values(functional) - value
    with np.errstate(all="ignore"):
        t = deviations / inference.bootstrap.std_errors(functional)
    low, high = _central(inference, functional, np.where(deviations == 0.0, 0.0, t))
    if std_error == 0.0:
        return value, value
    if math.isinf(low) or math.isinf(high):
        raise Undefined("too many resamples have no variance")
    return value - high * std_error, value - low * std_error


def _central(
    inference: Inference, functional: Functional, replicates: NDArray[np.float64]
) -> tuple[float, float]:
    """The quantiles that enclose the share ``level`` of the replicates that are defined."""
    if isinstance(functional, Relative) and _near_zero(inference, functional.right):
        raise Undefined("the reference is within 3 standard errors of 0: resampling needs it off 0")
    if np.count_nonzero(inference.buckets[:, 0]) == 1:
        raise Undefined("all units are in one bucket: nothing to resample")
    defined = replicates[~np.isnan(replicates)]
    missing = len(replicates) - len(defined)
    if missing > MAX_UNDEFINED * len(replicates):
        raise Undefined(f"{missing} of {len(replicates)} resamples have a denominator of 0 or no units")
    outside = (1.0 - inference.level) / 2.0
    low = np.quantile(defined, outside, method="lower")
    return float(low), float(np.quantile(defined, 1.0 - outside, method="higher"))


INTERVALS = {"normal": _normal, "bootstrap": _bootstrap, "bootstrap_t": _bootstrap_t}
BUCKETED = {"bootstrap", "bootstrap_t"}
