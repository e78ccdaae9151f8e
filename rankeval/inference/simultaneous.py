"""Simultaneous intervals: the joint distribution of several estimates, and the quantile of its largest |t|.

With k estimates of covariance V, the intervals ``value +- c std_error`` hold all at once with the stated
probability if c is the quantile of ``max |t_i|``, where t is multivariate Student's t with the correlation
of V (Hothorn, Bretz & Westfall 2008). Assumption: the estimates are jointly normal, to first order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations_with_replacement

import numpy as np

from rankeval.array_types import Floats
from rankeval.inference.estimate import Estimate, Interval
from rankeval.inference.functionals import Functional
from rankeval.inference.inference import NO_SPREAD
from rankeval.inference.roots import root_of
from rankeval.inference.sampling_distribution import SamplingDistribution
from rankeval.inference.students_t import students_quantile

METHOD = "max_t"
#: Directions over which the distribution of the largest |t| is averaged.
DIRECTIONS = 4096
_BLOCK = 1 << 21  # numbers that are held at once, 16 MiB
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
    rest, columns = np.diag(covariance).copy(), []
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
    bonferroni = students_quantile((0.5 - level / 2.0) / len(scaled), degrees)
    largest = _largest(scaled, lambda projections: np.max(np.abs(projections), axis=1))
    return _quantile(largest, scaled.shape[1], degrees, level, alone, 1.05 * bonferroni)


def median_of_largest(root: Floats, degrees: float) -> float:
    """The median of the largest t (not of |t|) of m estimates; arguments as of :func:`largest_t_quantile`."""
    scaled = _of_length_1(root)
    if len(scaled) <= 1:
        return 0.0
    largest = _largest(scaled, lambda projections: np.max(projections, axis=1))
    most = students_quantile(0.5 / len(scaled), degrees)
    return _quantile(largest, scaled.shape[1], degrees, 0.5, 0.0, 1.05 * most)


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


def _quantile(largest: Floats, rank: int, degrees: float, level: float, low: float, high: float) -> float:
    """The c within ``[low, high]`` at which ``R largest <= c`` has the probability ``level``.

    The largest t is ``R M(U)``, with U uniform on the sphere of r dimensions, ``M(u)`` the largest of
    ``l_i' u / |l_i|``, and ``R^2 / r`` distributed as F with r and ``degrees`` degrees of freedom. The
    probability given U is exact. It is averaged over fixed directions, so that c is right to about 0.3 % of
    its size.
    """
    from scipy.special import fdtr

    degrees, above = min(degrees, 1e9), largest > 0.0

    def missing(c: float) -> float:
        held = np.sum(fdtr(rank, degrees, np.square(c / largest[above]) / rank)) + np.sum(~above)
        return float(held) / len(largest) - level

    return low if missing(low) >= 0.0 else root_of(missing, low, high)


def _largest(scaled: Floats, reduce: Callable[[Floats], Floats]) -> Floats:
    """(DIRECTIONS,) float64: the largest projection of rows (m, r) of length 1 on each direction."""
    directions = _directions(scaled.shape[1])
    largest = np.full(DIRECTIONS, -1.0)
    rows = max(_BLOCK // DIRECTIONS, 1)
    for start in range(0, len(scaled), rows):
        np.maximum(
            largest, reduce(np.einsum("dr,mr->dm", directions, scaled[start : start + rows])), out=largest
        )
    return largest


def _directions(rank: int) -> Floats:
    """(DIRECTIONS, rank) float64: vectors of length 1, spread evenly over the sphere.

    They are normal quantiles of a Kronecker sequence, the fractional parts of multiples of ``1 / g, 1 / g^2,
    ...`` with ``g^(rank + 1) = g + 1`` (Roberts 2018), which beats random draws several times.
    """
    from scipy.special import ndtri

    g = 2.0
    for _ in range(60):
        g = (1.0 + g) ** (1.0 / (rank + 1.0))
    steps = g ** -np.arange(1.0, rank + 1.0)
    points = (0.5 + np.arange(1, DIRECTIONS + 1)[:, np.newaxis] * steps) % 1.0
    normal = ndtri(np.clip(points, 1e-12, 1.0 - 1e-12))
    return np.asarray(normal / np.sqrt(np.sum(normal * normal, axis=1, keepdims=True)))
