"""The wild cluster bootstrap, for clusters so few or uneven that resampling them does not tell their spread.

A replicate multiplies the total of each cluster by a random weight, so that every cluster is in every
replicate (Cameron, Gelbach & Miller 2008). The interval holds the values that its test does not reject.
"""

from __future__ import annotations

import math

import numpy as np

from rankeval.array_types import Floats
from rankeval.inference.functionals import Functional
from rankeval.inference.sampling_distribution import SamplingDistribution

#: The weights of Webb (2023): mean 0, variance 1, and with few clusters more replicates than of two values.
WEBB = np.array([-math.sqrt(1.5), -1.0, -math.sqrt(0.5), math.sqrt(0.5), 1.0, math.sqrt(1.5)])
#: Bounds are searched up to this many standard errors from the value.
FARTHEST = 1e4
#: Random weights that are drawn at a time.
_AT_A_TIME = 1 << 20
_SEED_MASK = (1 << 64) - 1


class WildTest:
    """The test that the value is ``value - delta``, for any ``delta``.

    Under the hypothesis the total of cluster g is ``s_g = e_g + delta n_g``: ``e_g`` is the total of its
    linearised residuals, ``n_g`` its size. The statistic is ``delta`` over the CR2 standard error, that of a
    replicate the sum of ``v_g s_g`` over the same error of these totals, each with the null imposed. An
    uncertain curve adds a normal draw, and takes the part of ``delta`` that is its part of the variance.

    Args:
        distribution: with few clusters.
        functional: the estimate.
    """

    def __init__(self, distribution: SamplingDistribution, functional: Functional) -> None:
        clusters, n = distribution.clusters, distribution.moments.n
        held = clusters.sizes > 0.0
        share, totals = clusters.shares[held], distribution.residual_totals(functional)[held] / n
        adjusted = 1.0 / (1.0 - share)
        by_curve = np.atleast_1d(functional.by_curve(distribution.moments.mean))
        rng = np.random.default_rng([distribution.seed & _SEED_MASK, 2])
        curve = rng.standard_normal((distribution.replicates, len(by_curve)))
        self._level = distribution.central
        self._curve_variance = float(np.sum(np.square(by_curve)))
        self._error = math.sqrt(float(np.sum(np.square(totals) * adjusted)) + self._curve_variance)
        self._of_clusters = 1.0 - self._curve_variance / self._error**2 if self._error else 1.0
        self._moved = np.sum(curve * by_curve, axis=1)
        self._of_shares = float(np.sum(share * share * adjusted))
        # Sums over clusters are polynomials in delta: of the totals, of their leverage, and of their squares.
        linear = [totals, share, totals * share * adjusted, share * share * adjusted]
        squares = [totals * totals * adjusted, 2.0 * totals * share * adjusted, share * share * adjusted]
        sums = np.empty((len(linear) + len(squares), distribution.replicates))
        at_a_time = max(_AT_A_TIME // len(share), 1)
        for first in range(0, distribution.replicates, at_a_time):
            rows = slice(first, min(first + at_a_time, distribution.replicates))
            weights = WEBB[rng.integers(0, len(WEBB), (rows.stop - rows.start, len(share)))]
            sums[: len(linear), rows] = [_dot(weights, column) for column in linear]
            sums[len(linear) :, rows] = [_dot(np.square(weights), column) for column in squares]
        self._sums, self._leverage, self._squares = sums[:2], sums[2:4], sums[4:]

    def rejects(self, delta: float) -> bool:
        """Whether fewer than ``1 - central`` of the replicates are as far from 0 as the statistic."""
        own = delta * self._of_clusters
        total = self._sums[0] + own * self._sums[1]
        leverage = self._leverage[0] + own * self._leverage[1]
        squares = self._squares[0] + own * self._squares[1] + own * own * self._squares[2]
        variance = squares - 2.0 * total * leverage + total * total * self._of_shares
        errors = np.sqrt(np.maximum(variance, 0.0) + self._curve_variance)
        far = np.abs(total + self._moved) * self._error >= abs(delta) * errors * (1.0 - 1e-9)
        return float(np.mean(far)) < 1.0 - self._level

    def bound(self, sign: float) -> float:
        """The distance from the value, of this sign, up to which no value is rejected; it may be infinite."""
        inside, outside = 0.0, 2.0 * self._error
        while not self.rejects(sign * outside):
            inside, outside = outside, 2.0 * outside
            if outside > FARTHEST * self._error:
                return sign * math.inf
        for _ in range(40):
            middle = 0.5 * (inside + outside)
            if self.rejects(sign * middle):
                outside = middle
            else:
                inside = middle
        return sign * outside


def wild_interval(distribution: SamplingDistribution, functional: Functional) -> tuple[float, float]:
    """The interval of the wild cluster bootstrap; a bound may be infinite.

    The value ``value - delta`` is in it if the test does not reject it.
    """
    value, test = distribution.value(functional), WildTest(distribution, functional)
    return value - test.bound(1.0), value - test.bound(-1.0)


def _dot(weights: Floats, column: Floats) -> Floats:
    """(R,) sums over clusters, without BLAS, whose bits depend on the number of threads."""
    return np.asarray(np.einsum("rg,g->r", weights, column))
