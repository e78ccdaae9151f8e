"""Simultaneous intervals: the joint distribution of several estimates, and the quantile of its largest |t|.

With k estimates of covariance V, the intervals ``value +- c std_error`` hold all at once with the stated
probability if c is the quantile of ``max |t_i|``, where t is multivariate Student's t with the correlation
of V (Hothorn, Bretz & Westfall 2008). Assumption: the estimates are jointly normal, to first order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement

import numpy as np

from rankeval.array_types import Floats
from rankeval.inference.estimate import Estimate, Interval
from rankeval.inference.functionals import Functional
from rankeval.inference.roots import root_of
from rankeval.inference.sampling_distribution import SamplingDistribution
from rankeval.inference.students_t import students_quantile
from rankeval.inference.undefined import NO_SPREAD

METHOD = "max_t"
#: Points over which the distribution of the largest |t| is averaged.
POINTS = 4096
_BLOCK = 1 << 21  # numbers that are held at once, 16 MiB
_MANY_DEGREES = 1e6  # with more, Student's t is normal
_NEGLIGIBLE = 1e-12  # share of a variance below which the rest of it is a rounding error


def covariance_of(distribution: SamplingDistribution, functionals: Sequence[Functional]) -> Floats:
    """(k, k) float64: the covariance of the estimates of k functionals."""
    k = len(functionals)
    found = np.zeros((k, k))
    for i, j in combinations_with_replacement(range(k), 2):
        found[i, j] = found[j, i] = distribution.covariance(functionals[i], functionals[j])
    return found


def factor(covariance: Floats) -> Floats:
    """(k, r) float64: a root L with ``L L' = covariance`` (k, k), of its numerical rank r (pivoted Cholesky).

    It uses no BLAS, whose bits depend on the number of threads.
    """
    rest, columns = np.diag(covariance).copy(), list[Floats]()
    least = _NEGLIGIBLE * rest
    while np.any(rest > least):
        pivot = int(np.argmax(np.where(rest > least, rest, 0.0)))
        column = covariance[:, pivot] - sum((done * done[pivot] for done in columns), 0.0)
        column = np.asarray(column) / math.sqrt(rest[pivot])
        columns.append(column)
        rest = rest - column * column
        rest[pivot] = 0.0
    return np.array(columns).T.reshape(len(rest), -1)


def largest_t_quantile(root: Floats, degrees: float, level: float) -> float:
    """The quantile c of the largest |t| of m estimates, ``P(max |t_i| <= c) = level``.

    Args:
        root: (m, r) float64, rows ``l_i`` with ``l_i' l_j`` the covariance of the estimates. Rows of zeros
            do not count.
        degrees: degrees of freedom of the standard errors, may be infinite.
        level: the probability, in (0, 1).
    """
    scaled = _of_length_1(root)
    alone = students_quantile(0.5 - level / 2.0, degrees)
    if len(scaled) <= 1 or scaled.shape[1] == 1:
        return alone
    exceeds = _Exceedance.of(scaled, degrees, absolute=True)
    bonferroni = students_quantile((0.5 - level / 2.0) / len(scaled), degrees)
    return root_of(lambda c: exceeds.probability(c) - (1.0 - level), alone, bonferroni)


def median_of_largest(root: Floats, degrees: float) -> float:
    """The median of the largest t (not of |t|) of m estimates; arguments as of :func:`largest_t_quantile`."""
    scaled = _of_length_1(root)
    if len(scaled) <= 1:
        return 0.0
    exceeds = _Exceedance.of(scaled, degrees, absolute=False)
    most = students_quantile(0.5 / len(scaled), degrees)
    return root_of(lambda c: exceeds.probability(c) - 0.5, 0.0, most)


def pairwise_root(
    distribution: SamplingDistribution, functionals: Sequence[Functional], pairs: Sequence[tuple[int, int]]
) -> Floats:
    """(m, r) float64: a root of the covariance of the differences ``f_a - f_b`` of m pairs of functionals."""
    first = functionals[0]
    root = factor(covariance_of(distribution, [other - first for other in functionals[1:]]))
    rows = np.vstack([np.zeros((1, root.shape[1])), root])
    return np.asarray(rows[[a for a, _ in pairs]] - rows[[b for _, b in pairs]])


def simultaneous(estimates: Sequence[Estimate], root: Floats, level: float, groups: int) -> list[Estimate]:
    """Estimates with a first interval more, ``max_t``, that holds for all of them at once.

    Args:
        estimates: m estimates.
        root: (m, r) float64, a root of their covariance.
        level: the probability that all intervals of all groups hold.
        groups: number of groups of estimates. Each gets the level ``level^(1 / groups)``: groups of centred
            normal estimates hold together at least as often as if they were independent (Royen 2014).
    """
    known = [one.degrees for one in estimates if one.std_error]
    critical = largest_t_quantile(root, min(known), level ** (1.0 / groups)) if known else 0.0
    return [replace(one, intervals=(_interval(one, critical, level), *one.intervals)) for one in estimates]


def _interval(estimate: Estimate, critical: float, level: float) -> Interval:
    if estimate.value is None or not estimate.std_error:
        reason = estimate.notes[0].text if estimate.std_error is None else NO_SPREAD
        return Interval(METHOD, level, None, None, reason)
    margin = critical * estimate.std_error
    return Interval(METHOD, level, estimate.value - margin, estimate.value + margin)


def _of_length_1(root: Floats) -> Floats:
    lengths = np.sqrt(np.sum(root * root, axis=1))
    return np.asarray(root[lengths > 0.0] / lengths[lengths > 0.0, np.newaxis])


@dataclass(frozen=True)
class _Exceedance:
    """The probability that the largest of m jointly distributed t exceeds a limit.

    It is ``sum_i P(t_i > c) E[1 / N | t_i > c]``, where N is the number of t above c (Naiman & Priebe 2001).
    The first factor is exact. The second is averaged over fixed points, so that small probabilities are as
    precise as large ones: to about 1 % of themselves. Given ``t_i``, the others are multivariate t with a
    degree of freedom more.

    Attributes:
        correlation: (d, m) float64, of all t with the one that exceeds, for each of d points.
        others: (d, m) float64, the part of all t that is independent of that one, before its scale.
        tail: (d,) float64, the place of the exceeding one in its tail, in (0, 1).
        degrees: degrees of freedom.
        absolute: whether it is about ``|t|``.
    """

    correlation: Floats
    others: Floats
    tail: Floats
    degrees: float
    absolute: bool

    @classmethod
    def of(cls, scaled: Floats, degrees: float, absolute: bool) -> _Exceedance:
        """From rows (m, r) of length 1, whose products are the correlations."""
        from scipy.special import chdtri, ndtri

        (m, rank), degrees = scaled.shape, min(degrees, _MANY_DEGREES)
        points = _points(max(min(POINTS, _BLOCK // m), 1), rank + 2)
        first = np.arange(len(points)) % m
        correlation = np.einsum("ir,jr->ij", scaled, scaled)[first]
        normal = np.einsum("dr,mr->dm", ndtri(points[:, 2:]), scaled)
        apart = normal - correlation * normal[np.arange(len(points)), first][:, np.newaxis]
        stretch = np.sqrt((degrees + 1.0) / chdtri(degrees + 1.0, points[:, 1]))
        return cls(correlation, apart * stretch[:, np.newaxis], points[:, 0], degrees, absolute)

    def probability(self, c: float) -> float:
        """The probability that some t, or ``|t|``, is above ``c >= 0``."""
        from scipy.special import stdtr, stdtrit

        above = float(stdtr(self.degrees, -c))
        t = -stdtrit(self.degrees, self.tail * above)
        scale = np.sqrt((self.degrees + t * t) / (self.degrees + 1.0))
        every = self.correlation * t[:, np.newaxis] + self.others * scale[:, np.newaxis]
        exceeding = np.sum(np.abs(every) > c if self.absolute else every > c, axis=1)
        once = float(np.mean(1.0 / np.maximum(exceeding, 1)))
        return float(self.correlation.shape[1] * (2.0 if self.absolute else 1.0) * above * once)


def _points(count: int, dimensions: int) -> Floats:
    """(count, dimensions) float64: points that fill the open unit cube evenly, the same in every call.

    It is a Kronecker sequence: the fractional parts of multiples of ``1 / g, 1 / g^2, ...``, where
    ``g^(dimensions + 1) = g + 1`` (Roberts 2018).
    """
    g = 2.0
    for _ in range(60):
        g = (1.0 + g) ** (1.0 / (dimensions + 1.0))
    steps = g ** -np.arange(1.0, dimensions + 1.0)
    points = (0.5 + np.arange(1, count + 1)[:, np.newaxis] * steps) % 1.0
    return np.clip(points, 1e-12, 1.0 - 1e-12)
